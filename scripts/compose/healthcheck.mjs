/** A container's health: exit code 0 while its process answers `/healthz` on its metrics port. */
const port = process.env.METRICS_PORT ?? '9464'
/** Below the health check's own limit, so that this process ends by itself. */
const boundMs = 3_000

try {
  const response = await fetch(`http://127.0.0.1:${port}/healthz`, {
    signal: AbortSignal.timeout(boundMs),
  })
  process.exitCode = response.ok ? 0 : 1
} catch {
  process.exitCode = 1
}
