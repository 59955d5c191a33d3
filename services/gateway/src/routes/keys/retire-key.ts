import { keyBody, sealingKeySchema, success } from '@callwire/contracts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { keyConflict } from './key-conflict.ts'
import { viewKey } from './key-view.ts'
import type { OpenKeys } from './open-keys.ts'

export function retireKey(deps: { openKeys: OpenKeys }) {
  return route({
    method: 'POST',
    path: '/keys/retire',
    access: 'encryption:write',
    tag: 'keys',
    summary: 'Retire a key that seals nothing any more',
    description:
      'Processes drop it within 2 s, and its id is never used again. Refused while rows are sealed under it, while no verification ran since the last rotation, and while calls placed under it are open.',
    body: keyBody,
    replies: { 200: success({ key: sealingKeySchema }).meta({ description: 'The retired key' }) },
    handle: async ({ principal, body: { kid } }) => {
      const { life, by } = await deps.openKeys(principal)
      const outcome = await life.retire(kid, by)
      if (outcome.kind === 'refused') throw keyConflict(outcome.refusal)
      return ok(200, { key: await viewKey(life, kid) })
    },
  })
}
