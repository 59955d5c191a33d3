import { DbError } from '@callwire/db'
import { systemRandom } from '@callwire/runtime'
import { manualClock } from '@callwire/testkit'
import { expect, test } from 'vitest'
import type { Session } from './registry.ts'
import { startStream, type SessionDeps } from './start-stream.ts'

/** A call that can be neither found nor made: another socket's, as far as the database says. */
function setUp(o: { isOver: boolean; holdsAudio: boolean }) {
  const clock = manualClock()
  let tries = 0
  const deps = {
    clock,
    random: systemRandom,
    database: { finder: {} },
    ledger: {
      open: () => {
        tries += 1
        return Promise.reject(new DbError({ code: 'conflict', constraint: 'calls_sid' }))
      },
    },
  } as unknown as SessionDeps
  const outcome = startStream(deps, {
    session: { isOver: () => o.isOver, holdsAudio: () => o.holdsAudio } as unknown as Session,
    admission: { kind: 'phone', tenantId: 'ten', phoneId: 'pho', tokenId: null },
    start: { kind: 'start', sampleRate: 8_000, customParameters: {} },
  }).catch((error: unknown) => (error as DbError).code)
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      for (let i = 0; i < 30; i += 1) await Promise.resolve()
      await clock.advance(100)
    }
  }
  return { outcome, pass, tries: () => tries }
}

test('a call that is always just made by somebody else is given up, in its own time', async () => {
  const { outcome, pass, tries } = setUp({ isOver: false, holdsAudio: false })
  await pass(500)
  expect(tries()).toBe(1)
  await pass(5_000)
  expect(await outcome).toBe('call_not_found')
  expect(tries()).toBe(4)
})

test('and at once when nobody waits for it', async () => {
  const { outcome, pass, tries } = setUp({ isOver: true, holdsAudio: false })
  await pass(5_000)
  expect(await outcome).toMatchObject({ kind: 'refused' })
  expect(tries()).toBe(1)
})

test('but not while there are words to keep', async () => {
  const { outcome, pass, tries } = setUp({ isOver: true, holdsAudio: true })
  await pass(5_000)
  expect(await outcome).toBe('call_not_found')
  expect(tries()).toBe(4)
})
