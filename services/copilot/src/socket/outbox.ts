import type { ServerMessage } from '@callwire/contracts'
import type { Clock } from '@callwire/runtime'
import { socketClose } from '@callwire/contracts'

/** What an outbox needs of a `ws` socket. */
export type Sink = {
  readonly bufferedAmount: number
  send(text: string, done: (error?: Error) => void): void
  close(code: number, reason: string): void
  terminate(): void
}

export type Outbox = {
  send(message: ServerMessage): void
  /** Resolves when the consumer has taken most of what it was sent. */
  room(): Promise<void>
  close(code: number, reason: string): void
  /** Call about once a second: closes a consumer that has been behind for too long. */
  tick(): void
}

/** An interim is worth less than keeping up: beyond this much unsent, interims are left out. */
export const INTERIM_LIMIT_BYTES = 256 * 1024
/** A catch-up waits for the consumer from here on, instead of filling our memory. */
const ROOM_BYTES = 512 * 1024
/** Beyond either of these a consumer is closed with 1013. */
export const SLOW_BYTES = 4 * 1024 * 1024
export const SLOW_MS = 10_000
/** One that does not even read its close is destroyed. */
const DESTROY_MS = 10_000

/** A consumer's way out: never grows beyond its bound, and never makes anybody else wait. */
export function createOutbox(sink: Sink, clock: Clock): Outbox {
  const unsent: number[] = []
  let closing = false
  let waiting: (() => void)[] = []

  const letIn = () => {
    if (sink.bufferedAmount > ROOM_BYTES && !closing) return
    for (const resolve of waiting) resolve()
    waiting = []
  }

  const close = (code: number, reason: string) => {
    if (closing) return
    closing = true
    letIn()
    sink.close(code, reason)
    const destroy = setTimeout(() => sink.terminate(), DESTROY_MS)
    destroy.unref()
  }

  const closeIfSlow = () => {
    const oldest = unsent[0]
    const late = oldest !== undefined && clock.monotonicMs() - oldest > SLOW_MS
    if (late || sink.bufferedAmount > SLOW_BYTES) close(socketClose.slowConsumer, 'too slow')
  }

  return {
    send(message) {
      if (closing) return
      if (message.type === 'interim' && sink.bufferedAmount > INTERIM_LIMIT_BYTES) return
      unsent.push(clock.monotonicMs())
      sink.send(JSON.stringify(message), () => {
        unsent.shift()
        letIn()
      })
      closeIfSlow()
    },
    room() {
      if (closing || sink.bufferedAmount <= ROOM_BYTES) return Promise.resolve()
      return new Promise((resolve) => waiting.push(resolve))
    },
    close,
    tick: closeIfSlow,
  }
}
