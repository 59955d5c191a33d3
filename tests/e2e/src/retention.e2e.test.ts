import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asSuperuser } from './search/postgres.ts'
import {
  eventsToReceipt,
  killService,
  startConstellation,
  type Constellation,
} from './constellation.ts'
import { chainProblem } from './verify-chain.ts'

/** The sweeper looks half a minute after its start; a busy machine takes its time for the rest. */
const SWEPT_MS = 120_000

let system: Constellation
beforeAll(async () => {
  system = await startConstellation({ API_RATE_PER_MINUTE: '0' })
})
afterAll(() => system[Symbol.asyncDispose]())

test('what is past its life is erased by the system as it runs, and proves itself still', async () => {
  const { client, simulator } = system
  const phoneId = await system.phoneWith({ name: 'Listener', kind: 'stream' })
  await simulator.script('short')
  const calls = []
  for (const to of ['+919876800001', '+919876800002']) {
    const { call } = await client.calls.place({ phoneId, to, metadata: { name: 'Asha' } })
    calls.push({ to, id: call.id, events: await eventsToReceipt(client, call.id) })
  }
  const [old, young] = calls
  if (old === undefined || young === undefined) throw new Error('two calls were placed')
  expect((await client.calls.transcript(old.id)).utterances).not.toEqual([])
  expect((await client.calls.get(old.id)).call.to).toBe(old.to)

  // It stands still until what is due has been looked at.
  killService(system, 'dialer', 'SIGSTOP')
  await system.cli('settings', 'set', '--keep-words', '1d', '--keep-numbers', '1d')
  await asSuperuser(system.runFile().databaseUrl, (sql) =>
    sql.query(`update app.calls set ended_at = ended_at - interval '25 hours' where id = $1`, [
      old.id,
    ]),
  )
  expect((await client.retention.get()).retention).toMatchObject({
    due: { recordings: 0, words: 1, numbers: 1 },
    lastSweep: null,
  })
  killService(system, 'dialer')
  const { retention } = await eventually(
    async () => {
      const found = await client.retention.get()
      return found.retention.lastSweep === null ? null : found
    },
    { boundMs: SWEPT_MS, what: 'a sweep' },
  )
  expect(retention).toMatchObject({
    due: { words: 0, numbers: 0 },
    lastSweep: { recordings: 0, words: 1, numbers: 1 },
  })

  const { events } = await client.calls.events(old.id, { limit: 500 })
  expect(chainProblem(old.id, events, { erased: ['transcript.final'] })).toBeNull()
  expect(events.map(({ hash }) => hash)).toEqual(old.events.map(({ hash }) => hash))
  expect(events.filter(({ data }) => data === null)).toHaveLength(
    old.events.filter(({ type }) => type === 'transcript.final').length,
  )
  expect((await client.calls.transcript(old.id)).utterances).toEqual([])
  expect((await client.calls.receipt(old.id)).complete).toBe(true)
  const { call } = await client.calls.get(old.id)
  expect(call.to).toBe('erased')
  expect(call).not.toHaveProperty('metadata')
  expect((await client.calls.list({ to: old.to })).calls).toEqual([])

  expect((await client.calls.get(young.id)).call.to).toBe(young.to)
  const kept = await client.calls.events(young.id, { limit: 500 })
  expect(kept.events).toEqual(young.events)
})
