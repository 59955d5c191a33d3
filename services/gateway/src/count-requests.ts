import type { FastifyInstance } from 'fastify'
import { upstreamOf } from './splice/request-head.ts'

/** Watches how many requests are under way, so that a stop can let them finish. */
export function countRequests(app: FastifyInstance): { ended(withinMs: number): Promise<void> } {
  let underWay = 0
  const waiting = new Set<() => void>()
  app.server.on('request', (request, response) => {
    // A splice lives as long as its call; it is drained on its own.
    if (upstreamOf(request.url ?? '') !== null) return
    underWay += 1
    response.once('close', () => {
      underWay -= 1
      if (underWay === 0) for (const resolve of waiting) resolve()
    })
  })
  return {
    ended: async (withinMs) => {
      if (underWay === 0) return
      const { promise, resolve } = Promise.withResolvers<undefined>()
      const done = () => resolve(undefined)
      waiting.add(done)
      const timer = setTimeout(done, withinMs)
      await promise
      clearTimeout(timer)
      waiting.delete(done)
    },
  }
}
