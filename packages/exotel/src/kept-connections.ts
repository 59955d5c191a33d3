import { Client } from 'undici'
import { oneConnection, type OneConnection } from './one-connection.ts'

/** A connection to an origin, with what speaks HTTP on it. */
export type Line = { readonly client: Client; readonly connection: OneConnection }

/** Connections that have just brought a whole answer, for requests that come right behind it. */
export type KeptConnections = {
  /** The one that was used last, if it is still open; or a new one. */
  take(origin: string): Line
  /** For a line whose answer was whole; any other one ends with its request. */
  keep(origin: string, line: Line): void
  /** Closes those that are kept. */
  close(): void
}

/**
 * How long an unused connection is kept. One that is dead without telling swallows a request, and
 * nobody knows then what became of it; so it is kept only while nobody has a reason to close it:
 * servers and balancers do so after 5 s at the earliest.
 */
const KEPT_MS = 1_000
/** Of one origin: more are of use only while more requests than that end within a moment. */
const MOST_KEPT = 64

export function keepConnections(): KeptConnections {
  const shelves = new Map<string, { line: Line; timer: NodeJS.Timeout }[]>()

  const drop = (origin: string, line: Line) => {
    const shelf = shelves.get(origin) ?? []
    const left = shelf.filter((kept) => kept.line !== line)
    if (left.length === 0) shelves.delete(origin)
    else shelves.set(origin, left)
    line.connection.end()
  }

  return {
    take: (origin) => {
      const shelf = shelves.get(origin) ?? []
      for (let kept = shelf.pop(); kept !== undefined; kept = shelf.pop()) {
        clearTimeout(kept.timer)
        if (kept.line.connection.isOpen()) return kept.line
        kept.line.connection.end()
      }
      return openLine(origin)
    },
    keep: (origin, line) => {
      const shelf = shelves.get(origin) ?? []
      if (shelf.length >= MOST_KEPT || !line.connection.isOpen()) return line.connection.end()
      const timer = setTimeout(() => drop(origin, line), KEPT_MS).unref()
      shelf.push({ line, timer })
      shelves.set(origin, shelf)
    },
    close: () => {
      for (const { line, timer } of [...shelves.values()].flat()) {
        clearTimeout(timer)
        line.connection.end()
      }
      shelves.clear()
    },
  }
}

/** It connects with its first request. */
function openLine(origin: string): Line {
  const connection = oneConnection()
  const client = new Client(origin, {
    allowH2: false,
    pipelining: 1,
    // The one timer of a request bounds everything; undici's own would give other errors.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: connection.connect,
  })
  return { client, connection }
}
