// A program of its own, so that only what it measures makes it late: good streams of frames in real time, with a ping
// behind a frame now and then. Prints the round trips in ms. Its parameters come as one line of JSON on standard input.
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'

type Order = { url: string; streams: number; seconds: number; settleMs: number }

const FRAME_MS = 20
const FRAME_BYTES = 320
const PING_EVERY_FRAMES = 5

const order = JSON.parse(await readAll()) as Order
const target = new URL(order.url)
const user = `${decodeURIComponent(target.username)}:${decodeURIComponent(target.password)}`
target.username = target.password = ''
const roundTripsMs: number[] = []
let lost = 0

async function stream(n: number): Promise<void> {
  const socket = new WebSocket(target, {
    perMessageDeflate: false,
    headers: { authorization: `Basic ${Buffer.from(user).toString('base64')}` },
  })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  socket.on('error', () => undefined)
  const sid = `probe${process.pid}x${n}`.padEnd(32, '0')
  const say = (message: object) => socket.send(JSON.stringify({ stream_sid: sid, ...message }))
  say({ event: 'connected' })
  const media_format = { encoding: 'base64', sample_rate: '8000', bit_rate: '128kbps' }
  const start = { stream_sid: sid, call_sid: sid, account_sid: 'acme1', media_format }
  say({ event: 'start', sequence_number: '1', start: { ...start, from: `0987650${1000 + n}` } })
  const startedAt = performance.now()
  socket.on('pong', (data: Buffer) => {
    if (performance.now() - startedAt < order.settleMs) return
    roundTripsMs.push(performance.now() - Number(data.toString()))
  })
  const payload = Buffer.alloc(FRAME_BYTES, n).toString('base64')
  const frames = (order.settleMs + order.seconds * 1_000) / FRAME_MS
  for (let frame = 1; frame <= frames && socket.readyState === socket.OPEN; frame += 1) {
    await sleep(Math.max(0, startedAt + frame * FRAME_MS - performance.now()))
    const media = { chunk: String(frame), timestamp: String(frame * FRAME_MS), payload }
    say({ event: 'media', sequence_number: String(frame + 1), media })
    if (frame % PING_EVERY_FRAMES === 0) socket.ping(String(performance.now()))
  }
  const last = String(Math.ceil(frames) + 2)
  const stop = { call_sid: sid, account_sid: 'acme1', reason: 'callended' }
  if (socket.readyState === socket.OPEN) say({ event: 'stop', sequence_number: last, stop })
  else lost += 1
}

await Promise.all(Array.from({ length: order.streams }, (_, n) => stream(n)))
await sleep(1_000)
process.stdout.write(JSON.stringify({ roundTripsMs, lost }), () => process.exit(0))

async function readAll(): Promise<string> {
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) text += String(chunk)
  return text
}
