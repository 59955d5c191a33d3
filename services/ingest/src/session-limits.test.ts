import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { closes } from './closes.ts'
import { createFloodMeter } from './flood-meter.ts'
import { judgeLimits, type SessionTimes } from './session-limits.ts'

const fresh: SessionTimes = {
  openedMs: 0,
  hasStarted: false,
  lastMediaMs: 0,
  lastPingMs: 0,
  hasPong: true,
}

describe('judgeLimits', () => {
  test.each([
    ['open and quiet', fresh, 9_999, { kind: 'none' }],
    ['no start in time', fresh, 10_000, { kind: 'close', close: closes.noStart }],
    ['started, no media yet', { ...fresh, hasStarted: true }, 10_000, { kind: 'none' }],
    [
      'time for a ping',
      { ...fresh, hasStarted: true, lastMediaMs: 20_000 },
      20_000,
      { kind: 'ping' },
    ],
    [
      'a ping without its pong',
      { ...fresh, hasStarted: true, lastMediaMs: 40_000, lastPingMs: 20_000, hasPong: false },
      40_000,
      { kind: 'terminate' },
    ],
    [
      'a pong that may still come',
      { ...fresh, hasStarted: true, lastMediaMs: 39_999, lastPingMs: 20_000, hasPong: false },
      39_999,
      { kind: 'none' },
    ],
    [
      'no media for a minute',
      { ...fresh, hasStarted: true, lastMediaMs: 5_000, lastPingMs: 60_000 },
      65_000,
      { kind: 'close', close: closes.noMedia },
    ],
  ] as [string, SessionTimes, number, unknown][])('%s', (_name, times, nowMs, expected) => {
    expect(judgeLimits(times, nowMs)).toEqual(expected)
  })
})

/** Sends `counts[i]` messages in second i; gives the first second in which the meter says flood. */
function floodsIn(counts: readonly number[], bytes = 600): number | null {
  const meter = createFloodMeter()
  for (const [second, count] of counts.entries()) {
    for (let i = 0; i < count; i += 1) {
      if (meter.count(second * 1000 + Math.floor((i * 1000) / count), bytes)) return second
    }
  }
  return null
}

describe('createFloodMeter', () => {
  test.each([
    ['a flood', [501, 501, 501, 501, 501], 4],
    ['just under', [500, 500, 500, 500, 500, 500, 500], null],
    ['four seconds', [900, 900, 900, 900, 10, 900], null],
    ['a pause in between', [900, 900, 0, 900, 900, 900], null],
    ['a burst of what was held back', [2_500, 50, 50, 50, 50, 50], null],
  ])('%s', (_name, counts, expected) => {
    expect(floodsIn(counts)).toBe(expected)
  })

  test('a large message counts as several', () => {
    const large = 220 * 1024
    expect(floodsIn([10, 10, 10, 10, 10], large)).toBe(4)
    expect(floodsIn([8, 8, 8, 8, 8, 8], large)).toBe(null)
  })

  test('audio is no flood, however dense and in whatever pieces', () => {
    // 48 kHz of 16 bits in base64, in messages of 20 ms, of 100 ms, and the largest that Exotel knows.
    const bytesPerSecond = 128_000
    for (const perSecond of [50, 10, 1.28]) {
      const inASecond = Math.ceil(perSecond)
      const twice = Array.from({ length: 10 }, () => 2 * inASecond)
      expect(floodsIn(twice, Math.ceil(bytesPerSecond / perSecond) + 300)).toBe(null)
    }
  })

  test('says flood exactly when five seconds in a row are over the limit', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 450, max: 550 }), { maxLength: 9 }), (counts) => {
        const run = counts.findIndex(
          (_, i) => i >= 4 && counts.slice(i - 4, i + 1).every((count) => count > 500),
        )
        return floodsIn(counts) === (run === -1 ? null : run)
      }),
      { numRuns: 30 },
    )
  })
})
