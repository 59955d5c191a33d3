import type { CallJob } from '@callwire/contracts'

/** Whom questions go to: an Exotel account at its host, or nobody, for calls of a tenant without one. */
export type Asked = { key: string; host: string | null }

/** Leave to ask an account about one call after another. */
export type Seat = { asked: Asked; doubtful: boolean }

export type Lines = {
  /** Puts a call into its account's line; false when that is full. */
  add(asked: Asked, job: CallJob): boolean
  isWaiting(callId: string): boolean
  /** The next seat for whoever has waited for one the longest; null when nobody may have one now. */
  seat(): Seat | null
  /** The next call of the seat's account. */
  next(seat: Seat): CallJob | null
  /** Empties an account's line. */
  drop(asked: Asked): CallJob[]
  leave(seat: Seat): void
  /** Whether somebody else waits for a seat. */
  othersWait(seat: Seat): boolean
}

/** Questions of one account at a time: one that hangs costs no more of them than that. */
const mostOfAccount = 2
/** Each waits for Exotel most of its time, and for one of the dialer's few connections the rest. */
export const mostSeats = 16
/** However many accounts do not answer, the others keep half of the seats. */
const mostDoubtful = mostSeats / 2
/** As many as an account answers in some seconds. */
const longestLine = 100

type Line = { asked: Asked; seats: number; waiting: CallJob[] }

/**
 * Who is asked next: accounts take turns, each may be asked only so much at a time, and those that
 * did not answer lately share a part of the seats.
 */
export function createLines(inDoubt: (asked: Asked) => boolean): Lines {
  /** In the order of their turns. */
  const lines = new Map<string, Line>()
  const waiting = new Set<string>()
  let [seats, doubtfulSeats] = [0, 0]

  const mayHaveSeat = (line: Line) => {
    if (line.waiting.length === 0) return false
    if (!inDoubt(line.asked)) return line.seats < mostOfAccount
    return line.seats === 0 && doubtfulSeats < mostDoubtful
  }
  const toTheEnd = (line: Line) => {
    lines.delete(line.asked.key)
    lines.set(line.asked.key, line)
  }
  const forget = (key: string, line: Line) => {
    if (line.seats === 0 && line.waiting.length === 0) lines.delete(key)
  }

  return {
    add: (asked, job) => {
      const line = lines.get(asked.key) ?? { asked, seats: 0, waiting: [] }
      if (line.waiting.length >= longestLine) return false
      lines.set(asked.key, line)
      line.waiting.push(job)
      waiting.add(job.callId)
      return true
    },
    isWaiting: (callId) => waiting.has(callId),
    seat: () => {
      if (seats >= mostSeats) return null
      const [line] = [...lines.values()].filter(mayHaveSeat).sort((a, b) => a.seats - b.seats)
      if (line === undefined) return null
      const doubtful = inDoubt(line.asked)
      toTheEnd(line)
      line.seats += 1
      seats += 1
      if (doubtful) doubtfulSeats += 1
      return { asked: line.asked, doubtful }
    },
    next: ({ asked }) => {
      const job = lines.get(asked.key)?.waiting.shift() ?? null
      if (job !== null) waiting.delete(job.callId)
      return job
    },
    drop: (asked) => {
      const line = lines.get(asked.key)
      const dropped = line?.waiting.splice(0) ?? []
      for (const { callId } of dropped) waiting.delete(callId)
      if (line !== undefined) forget(asked.key, line)
      return dropped
    },
    leave: ({ asked, doubtful }) => {
      const line = lines.get(asked.key)
      if (line === undefined) return
      line.seats -= 1
      seats -= 1
      if (doubtful) doubtfulSeats -= 1
      toTheEnd(line)
      forget(asked.key, line)
    },
    othersWait: ({ asked }) =>
      [...lines.values()].some((line) => line.asked.key !== asked.key && line.waiting.length > 0),
  }
}
