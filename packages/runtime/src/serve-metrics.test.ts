import { expect, test } from 'vitest'
import { createHealth } from './health.ts'
import { createLogger } from './logger.ts'
import { createMetrics } from './metrics.ts'
import { serveMetrics } from './serve-metrics.ts'

const log = createLogger({ service: 't', level: 'fatal' })
const host = '127.0.0.1'

test('serves metrics and health, and nothing else', async () => {
  const metrics = createMetrics()
  const calls = metrics.counter({ name: 'calls_total', help: 'Calls.', labelNames: ['status'] })
  calls.inc({ status: 'completed' })
  const health = createHealth({ redis: () => Promise.reject(new Error('x')) })
  await using server = await serveMetrics({ metrics, host, port: 0, log, health })
  const get = (path: string) => fetch(`http://${host}:${server.port}${path}`)
  expect(await (await get('/metrics?x=1')).text()).toContain('calls_total{status="completed"} 1')
  expect((await get('/healthz')).status).toBe(200)
  expect((await get('/readyz')).status).toBe(503)
  expect((await get('/other')).status).toBe(404)
  expect((await fetch(`http://${host}:${server.port}/metrics`, { method: 'POST' })).status).toBe(
    405,
  )
})

test('rejects when the port is taken', async () => {
  const metrics = createMetrics()
  await using server = await serveMetrics({ metrics, host, port: 0, log })
  const second = serveMetrics({ metrics, host, port: server.port, log })
  await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' })
})
