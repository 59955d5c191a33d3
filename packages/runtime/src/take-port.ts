import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Clock } from './clock.ts'
import { HANDOVER_PATH } from './hand-over-port.ts'

/** How long a predecessor may take to let go of the port once it has been asked. */
const handoverWithinMs = 2_000
/** Until the port is ours, whoever connects is refused. */
const tryEveryMs = 10
const askTimeoutMs = 1_000

/**
 * Listens on the port; when a draining predecessor has it (`offerPort`), asks for it first. Gives
 * the port.
 *
 * @throws `EADDRINUSE` when somebody else has it
 */
export async function takePort(
  app: FastifyInstance,
  o: { host: string; port: number; clock: Clock },
): Promise<number> {
  const untilMs = o.clock.monotonicMs() + handoverWithinMs
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
      await o.clock.sleep(tryEveryMs)
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

/** Addresses that stand for any, and the one by which this machine reaches itself there. */
const anyAddress: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

async function askForPort({ host, port }: { host: string; port: number }): Promise<boolean> {
  const address = anyAddress[host] ?? host
  const name = address.includes(':') ? `[${address}]` : address
  try {
    const answer = await fetch(`http://${name}:${port}${HANDOVER_PATH}`, {
      method: 'POST',
      redirect: 'error',
      signal: AbortSignal.timeout(askTimeoutMs),
    })
    await answer.body?.cancel()
    return answer.status === 202
  } catch {
    return false
  }
}
