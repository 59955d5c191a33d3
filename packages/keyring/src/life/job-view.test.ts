import type { KeyJob } from '@callwire/db'
import { describe, expect, it } from 'vitest'
import { viewJob } from './job-view.ts'

const job: KeyJob = {
  id: 'kjb_1',
  kind: 'rotate',
  toKid: 'k2',
  state: 'running',
  total: 1_000,
  done: 390,
  failed: 10,
  failedRows: [],
  place: null,
  afterTenant: null,
  afterId: null,
  owner: null,
  startedAt: new Date(0),
  finishedAt: null,
  busyMs: 8_000,
}

describe('a job as people follow it', () => {
  it.each<[string, Partial<KeyJob>, { rate: number; eta: number | null }]>([
    ['running', {}, { rate: 50, eta: 12 }],
    ['just begun', { done: 0, failed: 0, busyMs: 0 }, { rate: 0, eta: null }],
    ['nothing done yet', { done: 0, failed: 0 }, { rate: 0, eta: null }],
    ['paused', { state: 'paused' }, { rate: 50, eta: null }],
    ['done', { state: 'done', done: 990 }, { rate: 125, eta: 0 }],
    ['ended before all was done', { state: 'done' }, { rate: 50, eta: 0 }],
    ['further than was counted', { done: 1_020 }, { rate: 128.8, eta: 0 }],
  ])('%s', (_name, over, expected) => {
    expect(viewJob({ ...job, ...over })).toMatchObject(expected)
  })

  it.each<[Partial<KeyJob>, 'dialer' | 'courier' | null]>([
    [{}, 'dialer'],
    [{ place: 'never_call' }, 'dialer'],
    [{ place: 'webhook_secrets' }, 'courier'],
    [{ place: 'webhook_secrets', owner: 'courier-1' }, null],
    [{ place: 'webhook_secrets', state: 'paused' }, null],
    [{ state: 'done' }, null],
  ])('with %j waits for %s', (over, waitsFor) => {
    expect(viewJob({ ...job, ...over }).waitsFor).toBe(waitsFor)
  })
})
