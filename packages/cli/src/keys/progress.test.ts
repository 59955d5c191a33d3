import type { JobView } from '@callwire/keyring'
import { expect, test } from 'vitest'
import { duration, percentOf, progressLine, summary } from './progress.ts'

const job = (o: Partial<JobView>): JobView => ({
  id: 'kjb_0',
  kind: 'rotate',
  toKid: 'k2',
  state: 'running',
  total: 100_000,
  done: 57_000,
  failed: 0,
  rate: 8_431.4,
  eta: 5,
  waitsFor: null,
  failedRows: [],
  startedAt: new Date('2026-01-01T00:00:00Z'),
  finishedAt: null,
  ...o,
})

test.each<[Partial<JobView>, string]>([
  [{}, 'rotate  ███████████░░░░░░░░░   57%  57,000/100,000  0 failed  8,431/s  5 s left'],
  [{ done: 0, rate: 0, eta: null }, 'rotate  ░░░░░░░░░░░░░░░░░░░░    0%  0/100,000  0 failed  0/s'],
  [
    { state: 'paused', failed: 3, eta: null },
    'rotate  ███████████░░░░░░░░░   57%  57,000/100,000  3 failed  8,431/s  paused',
  ],
  [
    { waitsFor: 'courier' },
    'rotate  ███████████░░░░░░░░░   57%  57,000/100,000  0 failed  8,431/s  waiting for the courier',
  ],
  [
    { kind: 'verify', state: 'done', done: 100_000, eta: 0 },
    'verify  ████████████████████  100%  100,000/100,000  0 failed  8,431/s  done',
  ],
])('%j', (o, line) => expect(progressLine(job(o))).toBe(line))

test.each<[Partial<JobView>, number]>([
  [{ total: 0, done: 0 }, 0],
  [{ total: 0, done: 0, state: 'done' }, 100],
  // Rows that were added meanwhile, and the last ones of a job that looks once more.
  [{ total: 10, done: 12 }, 99],
  [{ total: 3, done: 1, failed: 1 }, 66],
])('%j is %d percent', (o, percent) => expect(percentOf(job(o))).toBe(percent))

test.each([
  [0, '0 s'],
  [59, '59 s'],
  [61, '1 min 1 s'],
  [3_600, '1 h 0 min'],
  [7_384, '2 h 3 min'],
])('%d seconds are %s', (seconds, text) => expect(duration(seconds)).toBe(text))

test('the last word says what became of how many, in what time', () => {
  const finishedAt = new Date('2026-01-01T00:00:11.2Z')
  const ended = job({ state: 'done', done: 99_998, failed: 2, finishedAt })
  expect(summary(ended)).toBe('99,998 of 100,000 rows sealed under k2, 2 failed, in 12 s')
  expect(summary({ ...ended, kind: 'verify' })).toContain('rows opened')
})
