import { AppError } from '@callwire/runtime'

/**
 * How long a check of the gateway may take: a service whose store hangs says so after half a second,
 * and that answer is to be seen.
 */
export const CHECK_MS = 1_000
/** A little less, so that this is what is told. */
const timeoutMs = 900

/** Those without which calls are not placed, heard, told or shown. */
const everyService = ['ingest', 'dialer', 'transcriber', 'copilot', 'courier']

/** Services whose health is not among those asked: of them `/readyz` says nothing. */
export function notAsked(asked: readonly { name: string }[]): string[] {
  return everyService.filter((service) => !asked.some(({ name }) => name === service))
}

/**
 * Whether another service says that it is ready.
 *
 * @param url - its origin on the inside; `/readyz` is asked
 */
export async function checkService(url: string): Promise<void> {
  let status: number
  try {
    const response = await fetch(new URL('/readyz', url), {
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
    await response.body?.cancel()
    status = response.status
  } catch {
    throw new AppError({ code: 'unreachable', message: 'The service does not answer.' })
  }
  if (status !== 200) {
    throw new AppError({ code: 'not_ready', message: 'The service says it is not ready.' })
  }
}
