import { connectProvisioner } from '@callwire/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFixture, type Fixture } from './testing/fixture.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await createFixture()
})
afterAll(() => fixture[Symbol.asyncDispose]())

async function ready(http: string) {
  const response = await fetch(`${http}/readyz`)
  const { checks } = (await response.json()) as { checks: Record<string, string> }
  return { status: response.status, keys: checks['keys'] }
}

test('ingest tells of its keys, and is not ready while it lacks the one that seals', async () => {
  const ingest = await fixture.start()
  const install = connectProvisioner({ url: fixture.db.url })
  try {
    await expect.poll(() => ready(ingest.http)).toEqual({ status: 200, keys: 'ok' })
    expect(await install.keys.holders()).toMatchObject([{ service: 'ingest', kids: ['k1'] }])
    await install.keys.introduce('k2', { primary: 'k1' })
    expect(await install.keys.promote('k2', { from: 'k1' })).toBe(true)
    await expect
      .poll(() => ready(ingest.http), { timeout: 30_000 })
      .toEqual({ status: 503, keys: 'primary_missing' })
    await ingest.stop()
    expect(await install.keys.holders()).toEqual([])
  } finally {
    await install.close()
  }
})

test('ingest does not start without the key that the install seals with', async () => {
  await expect(fixture.start()).rejects.toMatchObject({ code: 'primary_missing' })
})
