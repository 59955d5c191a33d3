import { keyBody, keyHolderSchema, sealingKeySchema, success } from '@callwire/contracts'
import { z } from 'zod'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { keyConflict } from './key-conflict.ts'
import { viewKey, viewProcess } from './key-view.ts'
import type { OpenKeys } from './open-keys.ts'

export function introduceKey(deps: { openKeys: OpenKeys }) {
  return route({
    method: 'POST',
    path: '/keys/introduce',
    access: 'encryption:write',
    tag: 'keys',
    summary: 'Introduce a key that was added to ENCRYPTION_KEYS',
    description:
      'Records that the key may come to seal. `lacking` are the live processes that do not hold it yet; asked again, it says how far it is. The key itself never travels here.',
    body: keyBody,
    replies: {
      200: success({ key: sealingKeySchema, lacking: z.array(keyHolderSchema) }).meta({
        description: 'The key, and who lacks it',
      }),
    },
    handle: async ({ principal, body: { kid } }) => {
      const { life, by } = await deps.openKeys(principal)
      const outcome = await life.introduce(kid, by)
      if (outcome.kind === 'refused') throw keyConflict(outcome.refusal)
      const lacking = outcome.lacking.map(viewProcess)
      return ok(200, { key: await viewKey(life, kid), lacking })
    },
  })
}
