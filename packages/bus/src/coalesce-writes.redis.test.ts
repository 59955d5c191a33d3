import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { createDoorbellSubscriber } from './doorbell-subscriber.ts'
import { createDoorbell, type DoorbellMessage } from './doorbell.ts'
import { testBus, uniqueId } from './test-support/connect.ts'

/** Counts the pieces that a connection hands to the kernel. */
function countPieces(redis: Redis) {
  const { stream } = redis as unknown as { stream: Socket }
  const counted = { pieces: 0, bytes: 0 }
  type Write = (this: Socket, ...o: unknown[]) => void
  const inner = stream as unknown as { _write: Write; _writev: Write }
  for (const name of ['_write', '_writev'] as const) {
    const write = inner[name]
    inner[name] = function (...o) {
      counted.pieces += 1
      write.apply(this, o)
    }
  }
  return counted
}

const many = (count: number) => Array.from({ length: count }, (_, i) => String(i))
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('the commands of one go of the event loop leave in one piece, answers come in their order', async () => {
  await using bus = await testBus()
  const { command } = bus.conn
  await command.ping()
  const counted = countPieces(command)
  expect(await Promise.all(many(50).map((text) => command.echo(text)))).toEqual(many(50))
  expect(counted.pieces).toBe(1)
  const later: Promise<string>[] = []
  for (const text of many(5)) {
    later.push(command.echo(text))
    await turn()
  }
  expect(await Promise.all(later)).toEqual(many(5))
  expect(counted.pieces).toBe(6)
})

test('also those of the microtasks of it, and a pipeline among them', async () => {
  await using bus = await testBus()
  const { command } = bus.conn
  await command.ping()
  const counted = countPieces(command)
  const key = uniqueId('coalesce')
  const answers = await Promise.all([
    command.set(key, '1', 'PX', 60_000),
    Promise.resolve().then(() => command.incr(key)),
    command.pipeline().incr(key).incr(key).exec(),
    command.get(key),
  ])
  expect(answers[0]).toBe('OK')
  expect(counted.pieces).toBeLessThanOrEqual(2)
  expect(await command.get(key)).toBe('4')
})

test('nothing stays behind: a command alone is answered', async () => {
  await using bus = await testBus()
  for (const text of many(20)) {
    expect(await bus.conn.command.echo(text)).toBe(text)
    await turn()
  }
})

test('big values come whole, among small ones and back', async () => {
  await using bus = await testBus()
  const { command } = bus.conn
  const key = uniqueId('coalesce')
  const big = [3_000_000, 70_000, 1, 5_000_000].map((size, i) => Buffer.alloc(size, 65 + i))
  const written = big.map((value, i) => command.set(`${key}:${i}`, value, 'PX', 60_000))
  const small = many(30).map((text) => command.echo(text))
  const read = big.map((_, i) => command.getBuffer(`${key}:${i}`))
  expect(await Promise.all(written)).toEqual(big.map(() => 'OK'))
  expect(await Promise.all(small)).toEqual(many(30))
  for (const [i, value] of (await Promise.all(read)).entries()) {
    expect(value?.equals(big[i] ?? Buffer.alloc(0))).toBe(true)
  }
  await command.del(...big.map((_, i) => `${key}:${i}`))
})

test('the connection that takes a lost one’s place does the same', async () => {
  await using bus = await testBus()
  await using direct = await testBus(bus.url)
  const { command } = bus.conn
  for (let times = 0; times < 3; times += 1) {
    const id = await command.client('ID')
    const back = once(command, 'ready')
    await direct.conn.command.client('KILL', 'ID', id)
    await back
    const counted = countPieces(command)
    expect(await Promise.all(many(40).map((text) => command.echo(text)))).toEqual(many(40))
    expect(counted.pieces).toBe(1)
  }
})

test('a subscriber and a connection that waits are as they were', async () => {
  await using bus = await testBus()
  const { conn } = bus
  const [callId, list] = [uniqueId('cal'), uniqueId('coalesce')]
  const heard: DoorbellMessage[] = []
  const subscriber = createDoorbellSubscriber(conn)
  await subscriber.onCall(callId, (message) => void heard.push(message))
  const waiting = conn.worker('test')
  const popped = waiting.blpop(list, 30)
  const interim = { utteranceId: 'utt_1', rev: 1, text: 'hello', startMs: 0, endMs: 10 }
  const bell = createDoorbell(conn)
  await Promise.all([
    ...many(20).map((text) => conn.command.echo(text)),
    bell.ringInterim('t', callId, interim),
    bell.ringInterim('t', callId, { ...interim, rev: 2 }),
    conn.command.rpush(list, 'one'),
  ])
  expect(await popped).toEqual([list, 'one'])
  await expect.poll(() => heard.length).toBe(2)
  waiting.disconnect()
})
