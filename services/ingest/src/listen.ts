import type { AddressInfo } from 'node:net'
import type { Clock } from '@callwire/runtime'
import type { FastifyInstance } from 'fastify'
import { HANDOVER_PATH } from './handover.ts'

/** How long a predecessor may take to let go of the port once it has been asked. */
const HANDOVER_WITHIN_MS = 2_000
const TRY_EVERY_MS = 50
const ASK_TIMEOUT_MS = 1_000

/**
 * Takes the port; when a draining ingest has it, asks for it first. Gives the port.
 *
 * @throws `EADDRINUSE` when somebody else has it
 */
export async function listen(
  app: FastifyInstance,
  o: { host: string; port: number; clock: Clock },
): Promise<number> {
  const untilMs = o.clock.monotonicMs() + HANDOVER_WITHIN_MS
  let asked = false
  await app.ready()
  for (;;) {
    try {
      await bind(app, o)
      return (app.server.address() as AddressInfo).port
    } catch (error) {
      if (!isTaken(error) || o.clock.monotonicMs() >= untilMs) throw error
      asked ||= await askForPort(o)
      if (!asked) throw error
      await o.clock.sleep(TRY_EVERY_MS)
    }
  }
}

/** The server's own, since Fastify's listen can be tried once only. */
function bind(app: FastifyInstance, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    app.server.once('error', reject)
    app.server.listen({ host, port }, () => {
      app.server.off('error', reject)
      resolve()
    })
  })
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}

async function askForPort({ host, port }: { host: string; port: number }): Promise<boolean> {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host
  try {
    const answer = await fetch(`http://${reachable}:${port}${HANDOVER_PATH}`, {
      method: 'POST',
      redirect: 'error',
      signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
    })
    await answer.body?.cancel()
    return answer.status === 202
  } catch {
    return false
  }
}
