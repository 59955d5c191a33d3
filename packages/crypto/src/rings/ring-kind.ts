import type { KeyObject } from 'node:crypto'
import { lengthPrefixed } from '../bytes.ts'
import { hkdf } from '../hkdf.ts'
import { opaque, type Opaque } from '../opaque.ts'
import { parseRing, type Arrangement, type Ring } from './ring.ts'

const CHECK_FORMAT = 'cw1v'
const CHECK_BYTES = 8
const NO_SALT = Buffer.alloc(0)

/** What a check value is made of. Both halves of a pair have the same. */
export type CheckParts = {
  readonly secret: KeyObject
  readonly publicBytes?: Uint8Array
}

export type RingDescription = {
  readonly primary: string
  /** In the order of the ring, the primary first; `check` is 16 hexadecimal characters. */
  readonly keys: { readonly kid: string; readonly check: string }[]
}

type KindOptions<Label extends string, Key> = {
  readonly label: Label
  readonly keyBytes: number
  readonly importKey: (bytes: Buffer, kid: string) => Key
  readonly checkParts: (key: Key) => CheckParts
}

/** One kind of ring: how its text is read, and the handles that hold what was read. */
export type RingKind<Label extends string, Key> = {
  parse(text: string): Opaque<Label>
  reveal(ring: Opaque<Label>): Ring<Key>
  holds(ring: object): ring is Opaque<Label>
  rearrange(ring: Opaque<Label>, text: string, arrangement: Arrangement): void
  describe(ring: Opaque<Label>): RingDescription
}

export function ringKind<Label extends string, Key>({
  label,
  keyBytes,
  importKey,
  checkParts,
}: KindOptions<Label, Key>): RingKind<Label, Key> {
  const holder = opaque<Label, Ring<Key>>(label)
  return {
    parse: (text) => holder.hold(parseRing(text, keyBytes, importKey)),
    reveal: (ring) => holder.reveal(ring),
    holds: (ring) => holder.holds(ring),
    rearrange(ring, text, arrangement) {
      // Read whole before anything changes: a ring is never between two texts.
      holder.replace(ring, parseRing(text, keyBytes, importKey, arrangement))
    },
    describe(ring) {
      const { primary, byId } = holder.reveal(ring)
      const keys = [...byId].map(([kid, key]) => ({ kid, check: checkValue(kid, checkParts(key)) }))
      return { primary: primary.kid, keys }
    },
  }
}

/** Tells keys of one id apart without telling anything else about them (FORMAT.md section 8). */
function checkValue(kid: string, { secret, publicBytes }: CheckParts): string {
  const info = lengthPrefixed(CHECK_FORMAT, kid, ...(publicBytes ? [publicBytes] : []))
  return hkdf(secret, NO_SALT, info, CHECK_BYTES).toString('hex')
}
