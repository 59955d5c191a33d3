import type { Clock } from '@callwire/runtime'
import type { Redis } from 'ioredis'
import { toBusError } from './bus-error.ts'
import {
  answersTo,
  commandOf,
  groupReads,
  type RawEntry,
  type ReadGroup,
  type Wish,
} from './read-groups.ts'
import { RawCommand, sendTogether } from './send-together.ts'

/**
 * Between an answer and the next question. A block of audio is 100 ms long, and one question for
 * hundreds of streams costs Redis a tenth of a millisecond.
 */
export const POLL_MS = 15

/** Reads that wait for news of their streams, asked for together on one connection. */
export type WaitingReads = {
  /**
   * The first entries after `afterId`, at most `count` of them: fewer where many readers are behind.
   * Empty when none came within `blockMs`, when `signal` aborts, and after `close`.
   *
   * @throws BusError `unavailable`, within seconds, while Redis is away
   */
  read(o: {
    key: string
    afterId: string
    count: number
    blockMs: number
    signal?: AbortSignal | undefined
  }): Promise<RawEntry[]>
  close(): void
}

type Reader = Wish & {
  untilMs: number
  resolve: (entries: RawEntry[]) => void
  reject: (error: Error) => void
}

type Question = { group: ReadGroup<Reader>; command: RawCommand }

/**
 * Asks every few milliseconds while somebody waits, one question at a time. The keys of one question
 * may lie in different slots: this is for one Redis, not for a cluster.
 *
 * @param open - connects; called again when a connection has gone silent
 */
export function createWaitingReads(
  open: () => Redis,
  clock: Pick<Clock, 'monotonicMs'>,
): WaitingReads {
  const waiting = new Set<Reader>()
  let connection: Redis | null = null
  let timer: NodeJS.Timeout | null = null
  let isAsking = false
  let isClosed = false

  /** Where Redis is away, the commands that follow reject at once. */
  const connected = async (): Promise<Redis> => {
    if (connection !== null) return connection
    const opened = (connection = open())
    await opened.connect().catch(() => undefined)
    return opened
  }
  const hear = async ({ group, command }: Question) => {
    try {
      const reply: unknown = await command.promise
      for (const { wish, entries } of answersTo(group, reply, clock.monotonicMs())) {
        wish.resolve(entries)
      }
    } catch (error) {
      const fault = toBusError(error)
      const readers = [...group.wishes.values()]
      // One stream's fault is not its neighbours': each is asked for alone next time.
      if (!fault.retryable && readers.length > 1)
        for (const reader of readers) reader.isAlone = true
      else for (const reader of readers) reader.reject(fault)
    }
  }
  const ask = async () => {
    const redis = await connected()
    const asked = waiting.size
    const questions = groupReads(waiting).map((group) => ({
      group,
      command: new RawCommand(commandOf(group, asked), null),
    }))
    const onOverdue = () => {
      if (connection === redis) connection = null
      redis.disconnect()
    }
    sendTogether(
      redis,
      questions.map(({ command }) => command),
      onOverdue,
    )
    await Promise.all(questions.map(hear))
  }
  const next = (delayMs: number) => {
    if (isClosed || isAsking || waiting.size === 0) return
    timer ??= setTimeout(() => {
      timer = null
      if (waiting.size === 0) return
      isAsking = true
      void ask().finally(() => {
        isAsking = false
        next(POLL_MS)
      })
    }, delayMs)
  }

  return {
    read({ key, afterId, count, blockMs, signal }) {
      if (isClosed || signal?.aborted === true) return Promise.resolve([])
      const { promise, resolve, reject } = Promise.withResolvers<RawEntry[]>()
      const leave = () => {
        waiting.delete(reader)
        signal?.removeEventListener('abort', onAbort)
      }
      const onAbort = () => reader.resolve([])
      const reader: Reader = {
        key,
        afterId,
        count,
        untilMs: clock.monotonicMs() + blockMs,
        resolve(entries) {
          leave()
          resolve(entries)
        },
        reject(error) {
          leave()
          reject(error)
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      waiting.add(reader)
      next(0)
      return promise
    },
    close() {
      isClosed = true
      if (timer !== null) clearTimeout(timer)
      for (const reader of waiting) reader.resolve([])
      connection?.disconnect()
    },
  }
}
