import type { JobView, KeyProcess, KeyRefusal } from '@callwire/keyring'
import { expect, test } from 'vitest'
import { refused } from './next-step.ts'

const gateway: KeyProcess = {
  instance: 'host:7',
  service: 'gateway',
  kids: ['k1'],
  primary: 'k1',
  seenAt: new Date(0),
}
const job: JobView = {
  id: 'kjb_0',
  kind: 'verify',
  toKid: 'k2',
  state: 'paused',
  total: 2,
  done: 1,
  failed: 0,
  rate: 1,
  eta: null,
  waitsFor: null,
  failedRows: [],
  startedAt: new Date(0),
  finishedAt: null,
}

const all: { [Kind in KeyRefusal['kind']]: [KeyRefusal & { kind: Kind }, string] } = {
  unknown_key: [{ kind: 'unknown_key', kid: 'k2' }, 'callwire keys introduce k2'],
  not_introduced: [{ kind: 'not_introduced', kid: 'k2' }, 'callwire keys introduce k2'],
  not_held: [
    { kind: 'not_held', kid: 'k2', processes: [gateway] },
    'gateway (host:7). A keys file is read again',
  ],
  already_primary: [{ kind: 'already_primary', kid: 'k2' }, 'callwire keys rotate'],
  is_primary: [{ kind: 'is_primary', kid: 'k1' }, 'promote another first'],
  in_use: [{ kind: 'in_use', kid: 'k1', rows: 7 }, 'callwire keys rotate'],
  not_verified: [{ kind: 'not_verified', kid: 'k1' }, 'callwire keys verify'],
  job_running: [{ kind: 'job_running', job }, 'callwire keys verify --resume'],
  no_job: [{ kind: 'no_job' }, 'callwire keys rotate'],
  calls_open: [{ kind: 'calls_open', kid: 'k1', count: 2 }, 'when they have ended'],
  retired: [{ kind: 'retired', kid: 'k1' }, 'finds a free one'],
  primary_unclear: [{ kind: 'primary_unclear', processes: [] }, 'Start the system'],
}

test.each(Object.values(all))('%j says what to do next', (refusal, step) => {
  const { message, code, details } = refused(refusal)
  const { kind, ...rest } = refusal
  expect(message).toContain(step)
  expect({ code, details }).toEqual({ code: kind, details: rest })
})

test('a job that runs can be followed; where nobody holds a key, somebody is started first', () => {
  const running = { ...job, state: 'running' } as const
  expect(refused({ kind: 'job_running', job: running }).message).toContain('Follow it')
  expect(refused({ kind: 'not_held', kid: 'k2', processes: [] }).message).toContain('Start the')
})
