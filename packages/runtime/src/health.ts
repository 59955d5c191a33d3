import type { FastifyInstance } from 'fastify'
import { errorFields } from './error-fields.ts'

export type Readiness = {
  status: 200 | 503
  body: { status: 'ok' | 'unavailable'; checks: Record<string, string>; [extra: string]: unknown }
}

export type Health = {
  /** Alive: answers without touching anything outside the process. */
  healthz(): Readiness
  /** Ready: 200 when every check passes. A failed check is named with its error's code. */
  readyz(): Promise<Readiness>
}

/** A check that takes longer counts as failed: whoever asks needs an answer, not a wait. */
const usualCheckMs = 500

/**
 * `extra` adds fields to both bodies; a check may take `checkMs`. A check is never run twice at
 * once, however many ask.
 */
export function createHealth(
  checks: Record<string, () => Promise<void>>,
  o: { extra?: () => Record<string, unknown>; checkMs?: number } = {},
): Health {
  const probes = Object.entries(checks).map(([name, check]) => [name, sharedProbe(check)] as const)
  const checkMs = o.checkMs ?? usualCheckMs
  const extra = () => o.extra?.() ?? {}
  return {
    healthz: () => ({ status: 200, body: { ...extra(), status: 'ok', checks: {} } }),
    readyz: async () => {
      const results = await Promise.all(
        probes.map(async ([name, probe]) => [name, await within(checkMs, probe())] as const),
      )
      const ready = results.every(([, result]) => result === 'ok')
      return {
        status: ready ? 200 : 503,
        body: {
          ...extra(),
          status: ready ? 'ok' : 'unavailable',
          checks: Object.fromEntries(results),
        },
      }
    },
  }
}

export function registerHealthRoutes(fastify: FastifyInstance, health: Health): void {
  fastify.get('/healthz', async (_request, reply) => {
    const { status, body } = health.healthz()
    await reply.code(status).header('cache-control', 'no-store').send(body)
  })
  fastify.get('/readyz', async (_request, reply) => {
    const { status, body } = await health.readyz()
    await reply.code(status).header('cache-control', 'no-store').send(body)
  })
}

/** Probes that pile up behind a hung store would make its trouble worse: one at a time. */
function sharedProbe(check: () => Promise<void>): () => Promise<string> {
  let running: Promise<string> | null = null
  return () => {
    running ??= outcome(check).finally(() => {
      running = null
    })
    return running
  }
}

async function outcome(check: () => Promise<void>): Promise<string> {
  try {
    await check()
    return 'ok'
  } catch (error) {
    return errorFields(error).code
  }
}

async function within(ms: number, result: Promise<string>): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const timer = setTimeout(() => resolve('timeout'), ms)
  try {
    return await Promise.race([result, promise])
  } finally {
    clearTimeout(timer)
  }
}
