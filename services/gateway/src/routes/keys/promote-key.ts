import { keyBody, sealingKeySchema, success } from '@callwire/contracts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { keyConflict } from './key-conflict.ts'
import { viewKey } from './key-view.ts'
import type { OpenKeys } from './open-keys.ts'

export function promoteKey(deps: { openKeys: OpenKeys }) {
  return route({
    method: 'POST',
    path: '/keys/promote',
    access: 'encryption:write',
    tag: 'keys',
    summary: 'Make an introduced key the one that seals',
    description:
      'Every process follows within 2 s. Refused with `details.reason` `not_held`, and `details.processes`, while a live process lacks the key.',
    body: keyBody,
    replies: { 200: success({ key: sealingKeySchema }).meta({ description: 'The primary key' }) },
    handle: async ({ principal, body: { kid } }) => {
      const { life, by } = await deps.openKeys(principal)
      const outcome = await life.promote(kid, by)
      if (outcome.kind === 'refused') throw keyConflict(outcome.refusal)
      return ok(200, { key: await viewKey(life, kid) })
    },
  })
}
