import { sealedPlaces, type KeyJob } from '@callwire/db'
import { captureLogs, manualClock } from '@callwire/testkit'
import { describe, expect, it } from 'vitest'
import { createProgress } from './progress.ts'

const job: KeyJob = {
  id: 'kjb_1',
  kind: 'rotate',
  toKid: 'k2',
  state: 'running',
  total: 1_000,
  done: 0,
  failed: 0,
  failedRows: [],
  place: null,
  afterTenant: null,
  afterId: null,
  owner: 'a',
  startedAt: new Date(0),
  finishedAt: null,
  busyMs: 0,
}
const rowsFrom = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => ({
    place: 'call_keys' as const,
    tenantId: 'ten_1',
    id: `cal_${from + n}`,
  }))

function progressOf(over: Partial<KeyJob> = {}) {
  const logs = captureLogs()
  const clock = manualClock()
  return { clock, logs, progress: createProgress({ ...job, ...over }, { clock, log: logs.log }) }
}

describe('the progress of a job', () => {
  it('counts what was done, and what did not open apart', () => {
    const { progress } = progressOf()
    progress.add({ rows: 100, failed: rowsFrom(0, 3) })
    progress.add({ rows: 50, failed: [] })
    expect(progress.step()).toMatchObject({ total: 1_000, done: 147, failed: 3 })
  })

  it('starts from what is left when it is taken over', () => {
    const { progress } = progressOf({ done: 400, failed: 20, failedRows: rowsFrom(0, 20) })
    progress.recount({ left: 520, failed: 0, own: sealedPlaces })
    expect(progress.step()).toMatchObject({ total: 1_000, done: 480, failed: 0, failedRows: [] })
    progress.recount({ left: 1_200, failed: 0, own: sealedPlaces })
    expect(progress.step()).toMatchObject({ total: 1_200, done: 0 })
  })

  it('keeps what others could not open, when it goes on with places of its own', () => {
    const others = rowsFrom(0, 2)
    const own = others.map((row) => ({ ...row, place: 'webhook_secrets' as const }))
    const { progress } = progressOf({ done: 900, failed: 4, failedRows: [...others, ...own] })
    progress.recount({ left: 60, failed: 2, own: ['webhook_secrets'] })
    expect(progress.step()).toMatchObject({ done: 940, failed: 2, failedRows: others })
    progress.add({ rows: 58, failed: own })
    expect(progress.step()).toMatchObject({
      total: 1_000,
      done: 996,
      failed: 4,
      failedRows: [...others, ...own],
    })
  })

  it('keeps a hundred rows that did not open, and counts all', () => {
    const { progress } = progressOf()
    progress.add({ rows: 100, failed: rowsFrom(0, 90) })
    progress.add({ rows: 100, failed: rowsFrom(90, 90) })
    expect(progress.step().failed).toBe(180)
    expect(progress.step().failedRows).toEqual(rowsFrom(0, 100))
  })

  it('tells of each once, also when another pass meets it again', () => {
    const { progress, logs } = progressOf({ failed: 1, failedRows: rowsFrom(0, 1) })
    progress.recount({ left: 3, failed: 0, own: sealedPlaces })
    progress.add({ rows: 3, failed: rowsFrom(0, 3) })
    progress.recount({ left: 3, failed: 0, own: sealedPlaces })
    progress.add({ rows: 3, failed: rowsFrom(0, 3) })
    expect(logs.lines()).toMatchObject([
      { alert: 'sealed_row_unreadable', level: 'error', place: 'call_keys', rowId: 'cal_1' },
      { alert: 'sealed_row_unreadable', job: 'kjb_1', tenantId: 'ten_1', rowId: 'cal_2' },
    ])
  })

  it('counts the time it worked, not the time it waited', async () => {
    const { progress, clock } = progressOf({ busyMs: 1_000 })
    await clock.advance(300)
    progress.mark('work')
    await clock.advance(5_000)
    progress.mark('wait')
    await clock.advance(20)
    progress.mark('work')
    expect(progress.step().busyMs).toBe(1_320)
  })
})
