import { keyStatusSchema, success } from '@callwire/contracts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { viewJob, viewProcess } from './key-view.ts'
import type { OpenKeys } from './open-keys.ts'

export function getKeyStatus(deps: { openKeys: OpenKeys }) {
  return route({
    method: 'GET',
    path: '/keys/status',
    access: 'encryption:read',
    tag: 'keys',
    summary: 'Show the encryption keys, the rows under each, and which process holds which',
    description:
      'Ids and counts, never a key. `processes` are those that told of themselves within 15 s; `rotation` and `verification` are the last ones. For the tenant that operates the install.',
    replies: {
      200: success(keyStatusSchema.shape).meta({ description: 'The keys as they stand' }),
    },
    handle: async ({ principal }) => {
      const { life } = await deps.openKeys(principal)
      const { primary, keys, processes, rotation, verification } = await life.status()
      return ok(200, {
        primary,
        keys,
        processes: processes.map(viewProcess),
        rotation: rotation === null ? null : viewJob(rotation),
        verification: verification === null ? null : viewJob(verification),
      })
    },
  })
}
