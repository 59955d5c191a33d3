/**
 * The HTTP status behind an error of the AWS SDK; null when no whole answer came. The SDK hangs an answer that it could not read on
 * its error.
 */
export function awsStatusOf(error: unknown): number | null {
  if (typeof error !== 'object' || error === null) return null
  for (const [holder, name] of [
    ['$metadata', 'httpStatusCode'],
    ['$response', 'statusCode'],
  ] as const) {
    const held: unknown = Reflect.get(error, holder)
    if (typeof held !== 'object' || held === null) continue
    const status: unknown = Reflect.get(held, name)
    if (typeof status === 'number') return status
  }
  return null
}
