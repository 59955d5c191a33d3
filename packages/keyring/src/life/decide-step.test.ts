import type { KeyJob, KeyRecord } from '@callwire/db'
import { describe, expect, it } from 'vitest'
import { decideIntroduce, decideJob, decidePromote, decideRetire } from './decide-step.ts'
import { sealingKey, type KeyLifeFacts } from './key-facts.ts'
import type { KeyProcess } from './refusal.ts'

const at = (second: number) => new Date(second * 1_000)

function record(kid: string, over: Partial<KeyRecord> = {}): KeyRecord {
  return { kid, introducedAt: at(0), promotedAt: null, retiredAt: null, primary: false, ...over }
}
function process(service: string, kids: string[], primary = 'k1'): KeyProcess {
  return { instance: `${service}-1`, service, kids, primary, seenAt: at(1) }
}
function job(over: Partial<KeyJob>): KeyJob {
  return {
    id: 'kjb_1',
    kind: 'verify',
    toKid: 'k2',
    state: 'done',
    total: 1,
    done: 1,
    failed: 0,
    failedRows: [],
    place: null,
    afterTenant: null,
    afterId: null,
    owner: null,
    startedAt: at(30),
    finishedAt: at(31),
    busyMs: 1,
    ...over,
  }
}

const before: KeyLifeFacts = {
  records: [record('k1', { primary: true }), record('k2')],
  processes: [process('gateway', ['k1', 'k2']), process('dialer', ['k1', 'k2'])],
  rows: [{ place: 'calls.person', kid: 'k1', rows: 5 }],
  rotation: null,
  verification: null,
}
/** k2 was promoted, everything re-sealed and verified. */
const after: KeyLifeFacts = {
  records: [record('k1'), record('k2', { primary: true, promotedAt: at(10) })],
  processes: [process('gateway', ['k1', 'k2'], 'k2')],
  rows: [{ place: 'calls.person', kid: 'k2', rows: 5 }],
  rotation: job({ kind: 'rotate', startedAt: at(15), finishedAt: at(20) }),
  verification: job({}),
}

describe('introducing', () => {
  it.each([
    ['k3', null],
    ['k1', null],
    ['k2', null],
    ['K2', 'unknown_key'],
    ['', 'unknown_key'],
    ['k0', 'retired'],
  ])('%s: %s', (kid, expected) => {
    const facts = { ...before, records: [...before.records, record('k0', { retiredAt: at(1) })] }
    expect(decideIntroduce(facts, kid)?.kind ?? null).toBe(expected)
  })
})

describe('promoting', () => {
  it('takes a recorded key that every live process has', () => {
    expect(decidePromote(before, 'k2')).toBeNull()
  })

  it('names the processes that lack it', () => {
    const lacking = process('transcriber', ['k1'])
    const facts = { ...before, processes: [...before.processes, lacking] }
    expect(decidePromote(facts, 'k2')).toEqual({
      kind: 'not_held',
      kid: 'k2',
      processes: [lacking],
    })
  })

  it.each<[string, KeyLifeFacts, string, string]>([
    ['with nobody to show it', { ...before, processes: [] }, 'k2', 'not_held'],
    ['a key of nobody', before, 'k9', 'unknown_key'],
    ['a key that is held and not recorded', { ...before, records: [] }, 'k2', 'not_introduced'],
    [
      'a key that rows name alone',
      { ...before, records: [], processes: [] },
      'k1',
      'not_introduced',
    ],
    ['the primary', before, 'k1', 'already_primary'],
    [
      'a retired key',
      { ...before, records: [record('k2', { retiredAt: at(1) })] },
      'k2',
      'retired',
    ],
  ])('refuses %s', (_name, facts, kid, kind) => {
    expect(decidePromote(facts, kid)?.kind).toBe(kind)
  })
})

describe('starting a job', () => {
  it('waits for the one that is open, paused or not', () => {
    expect(decideJob(before)).toBeNull()
    expect(decideJob(after)).toBeNull()
    for (const state of ['running', 'paused'] as const) {
      expect(decideJob({ ...after, rotation: job({ state }) })).toMatchObject({
        kind: 'job_running',
        job: { state },
      })
    }
  })
})

describe('retiring', () => {
  it('takes a key that nothing needs', () => {
    expect(decideRetire(after, 'k1', 0)).toBeNull()
  })

  it('takes a key that never sealed, without asking for more', () => {
    expect(decideRetire({ ...before, verification: null }, 'k2', 0)).toBeNull()
  })

  it.each<[string, KeyLifeFacts, string, number, string]>([
    ['a key of nobody', after, 'k9', 0, 'unknown_key'],
    ['a key that is not recorded', { ...after, records: [] }, 'k1', 0, 'not_introduced'],
    ['the primary', after, 'k2', 0, 'is_primary'],
    [
      'what is retired',
      { ...after, records: [record('k1', { retiredAt: at(1) })] },
      'k1',
      0,
      'retired',
    ],
    [
      'a key that rows name',
      { ...after, rows: [{ place: 'call_keys', kid: 'k1', rows: 1 }] },
      'k1',
      0,
      'in_use',
    ],
    [
      'while a job is open',
      { ...after, verification: job({ state: 'running', finishedAt: null }) },
      'k1',
      0,
      'job_running',
    ],
    ['unverified', { ...after, verification: null }, 'k1', 0, 'not_verified'],
    [
      'with rows that do not open',
      { ...after, verification: job({ failed: 1 }) },
      'k1',
      0,
      'not_verified',
    ],
    [
      'verified before the promotion',
      { ...after, rotation: null, verification: job({ startedAt: at(9) }) },
      'k1',
      0,
      'not_verified',
    ],
    [
      'verified before the rotation ended',
      { ...after, verification: job({ startedAt: at(19) }) },
      'k1',
      0,
      'not_verified',
    ],
    ['with calls going on', after, 'k1', 2, 'calls_open'],
  ])('refuses %s', (_name, facts, kid, openCalls, kind) => {
    expect(decideRetire(facts, kid, openCalls)?.kind).toBe(kind)
  })
})

describe('the key that seals', () => {
  it.each<[string, Partial<KeyLifeFacts>, string | null]>([
    ['is the recorded one', {}, 'k1'],
    ['is what all processes seal with, while none is recorded', { records: [] }, 'k1'],
    ['is unknown with nobody running', { records: [], processes: [] }, null],
    [
      'is unclear when they differ',
      { records: [], processes: [process('a', ['k1']), process('b', ['k2'], 'k2')] },
      null,
    ],
  ])('%s', (_name, over, expected) => {
    expect(sealingKey({ ...before, ...over })).toBe(expected)
  })
})
