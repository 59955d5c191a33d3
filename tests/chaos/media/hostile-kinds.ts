import { randomBytes } from 'node:crypto'
import { frame, handshake, OPCODE, statusIn, type Bare } from './hostile-wire.ts'

export type Target = { host: string; port: number; path: string; authorization: string }
type Attack = (bare: Bare, target: Target) => Promise<void>

const STEP_MS = 100
/** Above what a socket may send, by enough to be sure of it. */
const FLOOD_PER_S = 700
const FLOOD_STEP_MS = 20
const GIANT_BYTES = 300 * 1024
const SLOW_FRAME_BYTES = 60_000
const FRAGMENTS = 500
/** Ten seconds without a start, thirty for an answer to the close. */
const UNREAD_MS = 42_000

const connected = frame(OPCODE.text, '{"event":"connected"}')

/** Repeats until the other side has had enough. */
async function insist(bare: Bare, everyMs: number, act: () => void): Promise<void> {
  while (!bare.isClosed()) {
    act()
    await bare.pause(everyMs)
  }
}

/** With credentials that are good: what is hostile comes after the handshake. */
function afterHandshake(attack: (bare: Bare) => Promise<void>): Attack {
  return async (bare, target) => {
    bare.write(handshake(target.path, target.host, target.authorization))
    while (!bare.isClosed() && statusIn(bare.received()) === 0) await bare.pause(STEP_MS)
    if (statusIn(bare.received()) === 101) await attack(bare)
  }
}

/** Everything that a stranger, or somebody with a phone's credentials, may do to a listener. */
export const attacks: Readonly<Record<string, Attack>> = {
  'garbage bytes': (bare) => insist(bare, STEP_MS, () => bare.write(randomBytes(512))),
  'slow headers': async (bare, target) => {
    const head = handshake(target.path, target.host, target.authorization)
    for (let at = 0; at < head.length && !bare.isClosed(); at += 1) {
      bare.write(head.charAt(at))
      await bare.pause(STEP_MS * 2)
    }
  },
  'no word': (bare) => insist(bare, STEP_MS * 10, () => undefined),
  'wrong token': async (bare, target) => {
    const wrong = `Basic ${randomBytes(24).toString('base64')}`
    bare.write(handshake(target.path, target.host, wrong))
    await insist(bare, STEP_MS, () => undefined)
  },
  'garbage JSON': afterHandshake((bare) =>
    insist(bare, STEP_MS, () => bare.write(frame(OPCODE.text, `{"event":[${'7,'.repeat(200)}`))),
  ),
  'no UTF-8': afterHandshake((bare) =>
    insist(bare, STEP_MS, () => bare.write(frame(OPCODE.text, Buffer.from([0xff, 0xfe, 0xc0])))),
  ),
  flood: afterHandshake((bare) => {
    const some = Array.from({ length: (FLOOD_PER_S * FLOOD_STEP_MS) / 1_000 }, () => connected)
    const batch = Buffer.concat(some)
    return insist(bare, FLOOD_STEP_MS, () => bare.write(batch))
  }),
  'one-byte fragments': afterHandshake(async (bare) => {
    bare.write(frame(OPCODE.text, '{', { fin: false }))
    const one = frame(OPCODE.continuation, '"', { fin: false })
    for (let n = 0; n < FRAGMENTS; n += 1) bare.write(one)
    await insist(bare, STEP_MS, () => bare.write(one))
  }),
  'giant frame': afterHandshake(async (bare) => {
    bare.write(frame(OPCODE.text, Buffer.alloc(GIANT_BYTES, 0x20)))
    await insist(bare, STEP_MS, () => undefined)
  }),
  'slow frame': afterHandshake(async (bare) => {
    bare.write(frame(OPCODE.text, '{', { claims: SLOW_FRAME_BYTES }))
    await insist(bare, STEP_MS, () => bare.write(' '))
  }),
  'never start': afterHandshake(async (bare) => {
    bare.write(connected)
    await insist(bare, STEP_MS * 10, () => undefined)
  }),
  'half-open': afterHandshake(async (bare) => {
    // Nothing is read any more, not even the close; who has gone meanwhile is seen when reading begins again.
    bare.socket.pause()
    await bare.pause(UNREAD_MS)
    bare.socket.resume()
    await insist(bare, STEP_MS * 10, () => undefined)
  }),
}
