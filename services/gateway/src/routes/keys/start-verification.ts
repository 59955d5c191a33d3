import { keyJobSchema, success } from '@callwire/contracts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { keyConflict } from './key-conflict.ts'
import { viewJob } from './key-view.ts'
import type { OpenKeys } from './open-keys.ts'

export function startVerification(deps: { openKeys: OpenKeys }) {
  return route({
    method: 'POST',
    path: '/keys/verify',
    access: 'encryption:write',
    tag: 'keys',
    summary: 'Open every sealed row, to see that it opens',
    description:
      'A dialer does it beside its calls; `GET /keys/verify` follows it, and `failedRows` names what did not open. A key can be retired only after one.',
    replies: { 202: success({ verification: keyJobSchema }).meta({ description: 'Started' }) },
    handle: async ({ principal }) => {
      const { life, by } = await deps.openKeys(principal)
      const outcome = await life.verify(by)
      if (outcome.kind === 'refused') throw keyConflict(outcome.refusal)
      return ok(202, { verification: viewJob(outcome.job) })
    },
  })
}
