import type { MediaMessage } from '@callwire/exotel'

/** A message and when it came, epoch ms; null stands for the end of the connection. */
export type Held = { message: MediaMessage | null; arrivedAtMs: number }

/** Before `start` nothing says that this is a media stream. */
const MAX_BEFORE_START = 64
/**
 * Five seconds of the densest audio Exotel sends. While the call is looked for, the peer's own
 * buffers have to do beyond it; before `start` reading must go on, or `start` would never come.
 */
const MAX_BYTES = 1024 * 1024
const MAX_MESSAGES = 2_500

export type Hold = {
  /** Before `start`: false when that is a lot already, and this one is not kept. */
  early(item: Held): boolean
  /** While the call is looked for: keeps it, and stops reading the socket when that is a lot. */
  keep(item: Held): void
  /** Everything kept, in order; reads the socket again. */
  take(): Held[]
  clear(): void
  hasAudio(): boolean
}

/** What a socket sent before its call is known. Bounded: the rest waits in the connection. */
export function createHold(socket: { pause(): void; resume(): void }): Hold {
  let items: Held[] = []
  let bytes = 0
  let isPaused = false

  const clear = () => {
    items = []
    bytes = 0
    if (isPaused) socket.resume()
    isPaused = false
  }
  const keep = (item: Held) => {
    items.push(item)
    bytes += bytesOf(item)
    if (!isPaused && (bytes > MAX_BYTES || items.length > MAX_MESSAGES)) {
      isPaused = true
      socket.pause()
    }
  }
  return {
    early(item) {
      const more = bytesOf(item)
      if (items.length >= MAX_BEFORE_START || bytes + more > MAX_BYTES) return false
      items.push(item)
      bytes += more
      return true
    },
    keep,
    take() {
      const all = items
      clear()
      return all
    },
    clear,
    hasAudio: () => bytes > 0,
  }
}

function bytesOf({ message }: Held): number {
  return message?.kind === 'media' ? message.payload.length : 0
}
