import { keyJobSchema, success } from '@callwire/contracts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { viewJob } from './key-view.ts'
import type { OpenKeys } from './open-keys.ts'

export function getVerification(deps: { openKeys: OpenKeys }) {
  return route({
    method: 'GET',
    path: '/keys/verify',
    access: 'encryption:read',
    tag: 'keys',
    summary: 'Show the running verification, or the last one',
    replies: {
      200: success({ verification: keyJobSchema.nullable() }).meta({
        description: 'The verification; null when there was none',
      }),
    },
    handle: async ({ principal }) => {
      const { life } = await deps.openKeys(principal)
      const verification = await life.job('verify')
      return ok(200, { verification: verification === null ? null : viewJob(verification) })
    },
  })
}
