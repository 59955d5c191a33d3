import { expect, test } from 'vitest'
import { AppError } from './app-error.ts'
import { createHealth } from './health.ts'

const fine = () => Promise.resolve()

test('is ready when every check passes; extra fields are beside', async () => {
  const health = createHealth({ redis: fine }, { extra: () => ({ streams: 2 }) })
  expect(await health.readyz()).toEqual({
    status: 200,
    body: { status: 'ok', checks: { redis: 'ok' }, streams: 2 },
  })
})

test('names the failed check by code and never by text', async () => {
  const down = () => Promise.reject(new AppError({ code: 'unavailable', message: 'secret words' }))
  const odd = () => Promise.reject(new Error('secret words'))
  const ready = await createHealth({ redis: down, database: odd, other: fine }).readyz()
  expect(ready.status).toBe(503)
  expect(ready.body).toEqual({
    status: 'unavailable',
    checks: { redis: 'unavailable', database: 'internal', other: 'ok' },
  })
})

test('a check that hangs counts as failed and is not asked again while it hangs', async () => {
  let asked = 0
  const hanging = () => {
    asked += 1
    return new Promise<void>(() => undefined)
  }
  const health = createHealth({ redis: hanging })
  const [first, second] = await Promise.all([health.readyz(), health.readyz()])
  expect(first.body.checks).toEqual({ redis: 'timeout' })
  expect(second.status).toBe(503)
  expect(asked).toBe(1)
})

test('is alive without asking anybody', () => {
  const health = createHealth({ redis: () => Promise.reject(new Error('down')) })
  expect(health.healthz()).toEqual({ status: 200, body: { status: 'ok', checks: {} } })
})

test('a check may be given longer', async () => {
  const slow = () => new Promise<void>((resolve) => setTimeout(resolve, 700))
  const [usual, patient] = await Promise.all([
    createHealth({ service: slow }).readyz(),
    createHealth({ service: slow }, { checkMs: 5_000 }).readyz(),
  ])
  expect([usual.body.checks, patient.body.checks]).toEqual([
    { service: 'timeout' },
    { service: 'ok' },
  ])
})
