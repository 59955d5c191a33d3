import { keyJobSchema, success } from '@callwire/contracts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { keyConflict } from './key-conflict.ts'
import { viewJob } from './key-view.ts'
import type { OpenKeys } from './open-keys.ts'

export function startRotation(deps: { openKeys: OpenKeys }) {
  return route({
    method: 'POST',
    path: '/keys/rotate',
    access: 'encryption:write',
    tag: 'keys',
    summary: 'Seal every row anew under the primary key',
    description:
      'A dialer does it in small batches beside its calls; `GET /keys/rotate` follows it. It survives restarts.',
    replies: { 202: success({ rotation: keyJobSchema }).meta({ description: 'Started' }) },
    handle: async ({ principal }) => {
      const { life, by } = await deps.openKeys(principal)
      const outcome = await life.rotate(by)
      if (outcome.kind === 'refused') throw keyConflict(outcome.refusal)
      return ok(202, { rotation: viewJob(outcome.job) })
    },
  })
}
