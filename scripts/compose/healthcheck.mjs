/** A container's health: exit code 0 while its process answers `/healthz` on its metrics port. */
import { get } from 'node:http'

const port = process.env.METRICS_PORT ?? '9464'
/** Below the health check's own limit, so that this process ends by itself. */
const boundMs = 3_000

const end = (code) => process.exit(code)
get({ host: '127.0.0.1', port, path: '/healthz', timeout: boundMs })
  .on('response', (response) => end(response.statusCode === 200 ? 0 : 1))
  .on('timeout', () => end(1))
  .on('error', () => end(1))
