// For tests: one call whose media goes to a path of its own.
import { decodeFrame } from './decode-captions.ts'
import { type Connection, until, type World } from './world.ts'

let next = 0

export type PlaceOptions = {
  fault?: Record<string, unknown>
  talkMs?: number
  fields?: Record<string, string>
}

/** A script of one sentence; calls that name no other script speak it. */
export const speakBriefly = (world: World) =>
  world.control('script', {
    script: {
      ...{ name: 'tiny', speakers: [{ name: 'agent', pitchHz: 200 }] },
      turns: [{ speaker: 0, language: 'hi-IN', text: 'नमस्ते 98765 43210' }],
    },
  })

/** Places a call to a number of its own; it lasts its whole script unless `talkMs` is given. */
export async function placeStream(world: World, o: PlaceOptions = {}) {
  next += 1
  const path = `/media/${next}`
  const number = `+9190000${String(next).padStart(5, '0')}`
  const talk = o.talkMs === undefined ? {} : { talkMs: o.talkMs }
  await world.control('scenario', { number, timeScale: 0, ...talk })
  if (o.fault) await world.control('faults', { number, ...o.fault })
  const reply = await world.connect(
    world.streamFields({ From: number, StreamUrl: world.sink.ws + path, ...o.fields }),
  )
  const sid = world.sidOf(reply)
  const connections = () => world.sink.connections.filter((one) => one.path === path)
  return {
    ...{ sid, connections },
    connection: () => until(() => connections().at(-1)),
    closed: () => until(() => connections().find((one) => one.closeCode !== null)),
    ended: () => until(() => world.simulator.exchange.get(sid)?.endedAtMs),
  }
}

export const events = (connection: Connection) => connection.messages.map(({ event }) => event)
export const indices = (connection: Connection) =>
  connection.frames.map((frame) => decodeFrame(frame)?.index ?? null)
export const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)
