import { audioHeader, type AudioEntry } from '@callwire/bus'
import { createStreamKey, openBlock, openDataKey } from '@callwire/crypto'
import { callKeys } from '@callwire/db'
import { eventually } from '@callwire/testkit'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFixture, type Fixture, type SeededPhone } from './testing/fixture.ts'
import { dial, mediaTexts, pcmOf, startText, stopText } from './testing/wire-client.ts'

// A nonce used twice under one key gives away the key that authenticates: no fault may lead there.

let fixture: Fixture
let phone: SeededPhone
beforeAll(async () => {
  fixture = await createFixture()
  phone = await fixture.seedPhone()
})
afterAll(() => fixture[Symbol.asyncDispose]())

type Block = Extract<AudioEntry, { kind: 'audio' }>

/** One more process, and every block it hands to Redis, also those that Redis does not take. */
async function startWatched() {
  const ingest = await fixture.start()
  const handed: Block[] = []
  const { audio } = ingest.context
  const append = audio.append.bind(audio)
  audio.append = (callId, entry, ...rest) => {
    if (entry.kind === 'audio') handed.push({ ...entry, sealed: Buffer.from(entry.sealed) })
    return append(callId, entry, ...rest)
  }
  return { ...ingest, handed }
}

test('over sockets, processes and losses of Redis, no two blocks share a key and a number', async () => {
  const [one, other] = [await startWatched(), await startWatched()]
  const { tenantId, callId, pathToken } = await fixture.seedCall(phone)
  const handed = () => [...one.handed, ...other.handed]
  const more = async (count: number) => eventually(() => handed().length >= count)

  const first = await dial(`${one.url}/t/${pathToken}`)
  first.send(startText({}), ...mediaTexts(pcmOf(40)))
  const taken = () => one.context.audio.read(callId, '0', { blockMs: 0, count: 100 })
  await eventually(async () => (await taken()).length >= 8)
  // Empty when it is back: what is kept comes again.
  await fixture.redis.flush()
  await more(16)
  first.send(...mediaTexts(pcmOf(20, 5), 42))
  await more(20)
  // Restarted, with blocks on their way.
  first.send(...mediaTexts(pcmOf(20, 6), 62))
  await fixture.redis.kill()
  first.send(...mediaTexts(pcmOf(20, 7), 82))
  await fixture.redis.restart()
  await more(28)

  // Exotel begins anew with the same numbers: in the same process, then in another one.
  for (const { url } of [one, other, one]) {
    const next = await dial(`${url}/t/${await fixture.mintToken(phone, callId)}`)
    const before = handed().length
    next.send(startText({}), ...mediaTexts(pcmOf(40)))
    await more(before + 8)
    if (url === other.url) await fixture.redis.flush()
  }
  const last = await dial(`${other.url}/t/${await fixture.mintToken(phone, callId)}`)
  const before = handed().length
  last.send(startText({}), ...mediaTexts(pcmOf(43, 9)))
  // One that has ended before it has its call takes nothing over.
  await more(before + 8)
  last.send(stopText())
  await fixture.eventsWith(tenantId, callId, 'stream.ended', 5)

  const streams = await fixture.streamsOf(tenantId, callId)
  const salts = new Map(streams.map((stream) => [stream.id, stream.keySalt]))
  expect(salts.size).toBe(5)
  expect(new Set(salts.values()).size).toBe(5)

  // The key follows from data key, salt and socket; the nonce is the number and nothing else.
  const pairs = Map.groupBy(handed(), (block) =>
    [salts.get(block.streamId), block.streamId, block.index].join(),
  )
  for (const blocks of pairs.values()) {
    expect(new Set(blocks.map((block) => block.sealed.toString('base64'))).size).toBe(1)
    expect(new Set(blocks.map((block) => block.startMs)).size).toBe(1)
  }
  expect(handed().length).toBeGreaterThan(pairs.size)
  const sealings = new Set(handed().map((block) => block.sealed.toString('base64')))
  expect(sealings.size).toBe(pairs.size)

  // That each was sealed so, and not otherwise, shows in that it opens.
  const database = await fixture.connect('transcriber')
  const [key] = await database.withTenant(tenantId, (tx) =>
    tx.select().from(callKeys).where(eq(callKeys.callId, callId)),
  )
  const dataKey = openDataKey(fixture.config.contentRing, { tenantId, callId }, key?.wrapped ?? '')
  for (const [{ streamId, index, startMs, sealed }] of pairs.values() as Iterable<[Block]>) {
    const salt = Buffer.from(salts.get(streamId) ?? '', 'base64url')
    const header = audioHeader({ tenantId, callId, streamId, index, startMs })
    const opened = openBlock(
      createStreamKey(dataKey, { streamId, salt }),
      { index, header },
      sealed,
    )
    expect(opened.length).toBeGreaterThan(0)
  }
})
