import { ID_RANDOM_BYTES, newId } from '@callwire/contracts'
import { connectDatabase, mediaStreams, transcriptions, type Database } from '@callwire/db'
import { createLedger } from '@callwire/ledger'
import { systemClock, systemRandom } from '@callwire/runtime'
import { captureLogs } from '@callwire/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { dialerSuite } from '../test-support/suite.ts'
import { createStaleStreamSweep, sweepStaleStreams } from './stale-streams.ts'

const suite = dialerSuite()
let opened: Database[]
let deps: Parameters<typeof createStaleStreamSweep>[0]
let ingest: Database

beforeEach(async () => {
  const connect = async (service: string) => {
    const url = suite.database.serviceUrl(service)
    const database = await connectDatabase({ url, applicationName: 'test', maxConnections: 2 })
    opened.push(database)
    return database
  }
  opened = []
  ingest = await connect('ingest')
  const database = await connect('dialer')
  const { log } = captureLogs()
  const [clock, doorbell] = [systemClock, { ringEvents: () => Promise.resolve() }]
  const ledger = createLedger({ database, doorbell, clock, random: systemRandom, log })
  deps = { database, ledger, clock, log }
})
afterEach(() => Promise.all(opened.map((database) => database.close())))

/** A call that has ended, with the socket of an ingest that is gone since half a minute before. */
async function deadStream(o: { heartbeatAgoMs: number }) {
  const { world } = suite
  const nowMs = Date.now()
  const ago = (ms: number) => new Date(nowMs - ms)
  const { tenantId } = world
  const phoneId = await world.addPhone(suite.exotel.host, { kind: 'stream' })
  const over = { answeredAt: ago(60_000), endedAt: ago(5_000) }
  const callId = await world.addCall(phoneId, { status: 'completed', ...over })
  const id = newId('stream', { nowMs, random: systemRandom(ID_RANDOM_BYTES) })
  await ingest.withTenant(tenantId, async (tx) => {
    const row = { tenantId, id, callId, streamSid: 's', sampleRate: 8000, startedAt: ago(60_000) }
    const counted = { clockMs: 24_000, frames: 1_200, audioMs: 24_000 }
    const heartbeatAt = ago(o.heartbeatAgoMs)
    const keySalt = 'A'.repeat(22)
    await tx.insert(mediaStreams).values({ ...row, ...counted, keySalt, heartbeatAt })
    // What was heard is further than the last heartbeat.
    const heard = { state: 'done' as const, ackedMs: 26_000 }
    await tx.insert(transcriptions).values({ tenantId, callId, ...heard })
  })
  return { tenantId, callId, streamId: id }
}

test('a stream whose process is gone ends as lost, and the rest of its call is a gap', async () => {
  const { callId } = await deadStream({ heartbeatAgoMs: 31_000 })
  await sweepStaleStreams(deps)
  const events = (await suite.world.events(callId)).slice(-4)
  expect(events.map(({ type }) => type)).toEqual([
    'stream.ended',
    'transcript.gap',
    'call.talk',
    'call.receipt',
  ])
  expect(events[0]?.data).toMatchObject({ frames: 1_200, audioMs: 24_000, reason: 'lost' })
  const gap = events[1]?.data as { fromMs: number; toMs: number; reason: string }
  expect(gap.reason).toBe('stream_lost')
  // Not before what is heard, but for a word that the break may have cut.
  expect(gap.fromMs).toBeGreaterThanOrEqual(24_000)
  expect(gap.fromMs).toBeLessThanOrEqual(26_000)
  expect(gap.toMs).toBe(55_000)
  expect(events[3]?.data).toMatchObject({
    frames: 1_200,
    gaps: [{ fromMs: gap.fromMs, toMs: gap.toMs }],
  })
})

test('one that had a heartbeat just now is left alone, also when it was found before', async () => {
  const found = await deadStream({ heartbeatAgoMs: 10_000 })
  const finder = { ...deps.database.finder, staleStreams: () => Promise.resolve([found]) }
  await sweepStaleStreams(deps)
  await sweepStaleStreams({ ...deps, database: { ...deps.database, finder } })
  const events = await suite.world.events(found.callId)
  expect(events.some(({ type }) => type === 'stream.ended')).toBe(false)
})

test('time in which nobody could write does not count', async () => {
  const { callId } = await deadStream({ heartbeatAgoMs: 60_000 })
  let nowMs = Date.now()
  let isAway = false
  const clock = { ...systemClock, now: () => nowMs }
  const away = () => Promise.reject(new Error('takes no writes'))
  const { finder, ping } = deps.database
  const database = { finder, ping: () => (isAway ? away() : ping()) }
  const sweep = createStaleStreamSweep({ ...deps, clock, database })
  const isEnded = async () =>
    (await suite.world.events(callId)).some(({ type }) => type === 'stream.ended')
  /** Rounds of 2 s, until the stream is ended or `most` are done; gives how many there were. */
  const rounds = async (most: number) => {
    for (let count = 1; count <= most; count += 1) {
      nowMs += 2_000
      await sweep().catch(() => undefined)
      if (await isEnded()) return count
    }
    return most
  }
  await rounds(5)
  isAway = true
  await rounds(1)
  isAway = false
  await rounds(5)
  nowMs += 60_000
  expect([await rounds(5), await isEnded()]).toEqual([5, false])
  await rounds(10)
  expect(await isEnded()).toBe(true)
})
