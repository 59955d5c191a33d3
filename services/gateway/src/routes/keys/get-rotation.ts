import { keyJobSchema, success } from '@callwire/contracts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { viewJob } from './key-view.ts'
import type { OpenKeys } from './open-keys.ts'

export function getRotation(deps: { openKeys: OpenKeys }) {
  return route({
    method: 'GET',
    path: '/keys/rotate',
    access: 'encryption:read',
    tag: 'keys',
    summary: 'Show the running rotation, or the last one',
    replies: {
      200: success({ rotation: keyJobSchema.nullable() }).meta({
        description: 'The rotation; null when there was none',
      }),
    },
    handle: async ({ principal }) => {
      const { life } = await deps.openKeys(principal)
      const rotation = await life.job('rotate')
      return ok(200, { rotation: rotation === null ? null : viewJob(rotation) })
    },
  })
}
