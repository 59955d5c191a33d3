import { describe, expect, it } from 'vitest'
import { decidePause, LONGEST_PAUSE_MS } from './decide-pause.ts'

describe('the pause between batches', () => {
  it.each([
    ['nobody about', { loopDelayMs: 0, queryMs: 1, batchMs: 100 }, 25],
    ['a long batch, nobody about', { loopDelayMs: 49, queryMs: 5, batchMs: 2_000 }, 500],
    ['timers late', { loopDelayMs: 50, queryMs: 1, batchMs: 100 }, 300],
    ['the database slow', { loopDelayMs: 0, queryMs: 25, batchMs: 100 }, 300],
    ['both', { loopDelayMs: 249, queryMs: 199, batchMs: 100 }, 300],
    ['a long batch among others', { loopDelayMs: 60, queryMs: 1, batchMs: 5_000 }, 1_000],
    ['timers very late', { loopDelayMs: 250, queryMs: 1, batchMs: 100 }, 1_000],
    ['the database very slow', { loopDelayMs: 0, queryMs: 200, batchMs: 100 }, 1_000],
    ['an empty batch', { loopDelayMs: 0, queryMs: 0, batchMs: 0 }, 0],
  ])('%s', (_name, feel, pause) => {
    expect(decidePause(feel)).toBe(pause)
    expect(pause).toBeLessThanOrEqual(LONGEST_PAUSE_MS)
  })
})
