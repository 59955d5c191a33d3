import { AppError } from '@callwire/runtime'

/** A little less than the half second that a whole check may take, so that its own answer is seen. */
const timeoutMs = 450

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
