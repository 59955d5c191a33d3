import { socketClose, type ServerMessage } from '@callwire/contracts'
import type { Clock } from '@callwire/runtime'
import type { Limits } from '../limits.ts'

/** What an outbox needs of a `ws` socket. */
export type Sink = {
  readonly bufferedAmount: number
  send(text: string, done: (error?: Error) => void): void
  close(code: number, reason: string): void
  terminate(): void
}

export type Outbox = {
  send(message: ServerMessage): void
  /** Resolves when the consumer has taken most of what it was sent, or will take no more. */
  room(): Promise<void>
  close(code: number, reason: string): void
  /** Call about once a second: closes a consumer that has been behind for too long. */
  tick(): void
  /** The socket has closed: nobody waits for it any more. */
  release(): void
}

export type OutboxDeps = {
  clock: Clock
  limits: Pick<Limits, 'interimBytes' | 'roomBytes' | 'slowBytes' | 'slowMs' | 'destroyMs'>
  onClose: (code: number) => void
  onInterimLeftOut: () => void
}

/** A consumer's way out: never grows beyond its bound, and never makes anybody else wait. */
export function createOutbox(sink: Sink, { clock, limits, ...on }: OutboxDeps): Outbox {
  /** When each message that the system has not taken yet was sent. */
  const unsent: number[] = []
  let closing = false
  let destroy: NodeJS.Timeout | null = null
  let waiting: (() => void)[] = []

  const letIn = () => {
    if (sink.bufferedAmount > limits.roomBytes && !closing) return
    for (const resolve of waiting) resolve()
    waiting = []
  }

  const close = (code: number, reason: string) => {
    if (closing) return
    closing = true
    letIn()
    on.onClose(code)
    sink.close(code, reason)
    destroy = setTimeout(() => sink.terminate(), limits.destroyMs)
  }

  const closeIfSlow = () => {
    const oldest = unsent[0]
    const isLate = oldest !== undefined && clock.monotonicMs() - oldest > limits.slowMs
    if (isLate || sink.bufferedAmount > limits.slowBytes) {
      close(socketClose.slowConsumer, 'too slow')
    }
  }

  return {
    send(message) {
      if (closing) return
      if (message.type === 'interim' && sink.bufferedAmount > limits.interimBytes) {
        on.onInterimLeftOut()
        return
      }
      unsent.push(clock.monotonicMs())
      sink.send(JSON.stringify(message), () => {
        unsent.shift()
        letIn()
      })
      closeIfSlow()
    },
    room() {
      if (closing || sink.bufferedAmount <= limits.roomBytes) return Promise.resolve()
      return new Promise((resolve) => waiting.push(resolve))
    },
    close,
    tick() {
      closeIfSlow()
      letIn()
    },
    release() {
      closing = true
      if (destroy !== null) clearTimeout(destroy)
      letIn()
    },
  }
}
