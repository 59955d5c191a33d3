import { keyJobSchema, success } from '@callwire/contracts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { keyConflict } from './key-conflict.ts'
import { viewJob } from './key-view.ts'
import type { OpenKeys } from './open-keys.ts'

export function pauseRotation(deps: { openKeys: OpenKeys }) {
  return route({
    method: 'POST',
    path: '/keys/rotate/pause',
    access: 'encryption:write',
    tag: 'keys',
    summary: 'Pause the rotation or verification that is under way',
    description: 'It stops after the row in hand, and stays paused across restarts.',
    replies: { 200: success({ rotation: keyJobSchema }).meta({ description: 'Paused' }) },
    handle: async ({ principal }) => {
      const { life, by } = await deps.openKeys(principal)
      const outcome = await life.pause(by)
      if (outcome.kind === 'refused') throw keyConflict(outcome.refusal)
      return ok(200, { rotation: viewJob(outcome.job) })
    },
  })
}
