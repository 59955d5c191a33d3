import type { ServerResponse } from 'node:http'
import type { CallEvent } from '@callwire/contracts'
import type { Clock } from '@callwire/runtime'
import type { Consumer } from '../identify.ts'
import type { Limits } from '../limits.ts'
import type { Member } from '../socket/registry.ts'

export type EventStream = {
  /** As the registry of connections sees it. */
  readonly member: Member
  /** Sends the headers: a reader with nothing to read yet learns at once that it is listening. */
  begin(): void
  send(event: CallEvent): void
  /** Resolves when the reader has taken most of what it was sent, or has gone. */
  room(): Promise<void>
  /** Says that there is no more. */
  end(): void
  /** Resolves when there is no more, or the reader has gone. */
  readonly ended: Promise<void>
  /** Lets go without having said anything. */
  abandon(): void
}

type Deps = {
  clock: Clock
  limits: Pick<Limits, 'ssePingMs' | 'roomBytes' | 'slowBytes' | 'slowMs' | 'tickMs'>
}

/** One reader of server-sent events. Nothing is written before `begin`. */
export function openEventStream(
  response: ServerResponse,
  { clock, limits }: Deps,
  consumer: Consumer,
): EventStream {
  const ended = Promise.withResolvers<undefined>()
  const closed = Promise.withResolvers<undefined>()
  let unsent = 0
  let behindSince: number | null = null

  const begin = () => {
    if (response.headersSent || response.destroyed) return
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    response.flushHeaders()
  }
  const write = (text: string) => {
    if (!response.headersSent || response.writableEnded || response.destroyed) return
    behindSince ??= clock.monotonicMs()
    unsent += 1
    response.write(text, () => {
      unsent -= 1
      behindSince = unsent === 0 ? null : clock.monotonicMs()
    })
    destroyIfSlow()
  }
  /** It comes back with Last-Event-ID. */
  const destroyIfSlow = () => {
    const isLate = behindSince !== null && clock.monotonicMs() - behindSince > limits.slowMs
    if (isLate || response.writableLength > limits.slowBytes) response.destroy()
  }
  const ping = setInterval(() => write(': ping\n\n'), limits.ssePingMs)
  const tick = setInterval(destroyIfSlow, limits.tickMs)
  const stop = () => {
    clearInterval(ping)
    ended.resolve(undefined)
  }
  const end = () => {
    stop()
    if (response.destroyed || response.writableEnded) return
    begin()
    response.end()
  }
  const onClose = () => {
    stop()
    clearInterval(tick)
    closed.resolve(undefined)
  }
  response.on('close', onClose)
  if (response.destroyed) onClose()

  return {
    member: {
      consumer,
      drain: end,
      revoke: end,
      destroy: () => response.destroy(),
      closed: closed.promise,
    },
    begin,
    send: (event) => {
      write(`id: ${String(event.seq)}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    },
    async room() {
      if (response.writableLength <= limits.roomBytes || response.destroyed) return
      await new Promise((resolve) => response.once('drain', resolve).once('close', resolve))
    },
    end,
    ended: ended.promise,
    abandon() {
      response.off('close', onClose)
      onClose()
    },
  }
}
