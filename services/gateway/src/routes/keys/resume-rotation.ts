import { keyJobSchema, success } from '@callwire/contracts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { keyConflict } from './key-conflict.ts'
import { viewJob } from './key-view.ts'
import type { OpenKeys } from './open-keys.ts'

export function resumeRotation(deps: { openKeys: OpenKeys }) {
  return route({
    method: 'POST',
    path: '/keys/rotate/resume',
    access: 'encryption:write',
    tag: 'keys',
    summary: 'Go on with a paused rotation or verification',
    replies: { 200: success({ rotation: keyJobSchema }).meta({ description: 'Running again' }) },
    handle: async ({ principal }) => {
      const { life, by } = await deps.openKeys(principal)
      const outcome = await life.resume(by)
      if (outcome.kind === 'refused') throw keyConflict(outcome.refusal)
      return ok(200, { rotation: viewJob(outcome.job) })
    },
  })
}
