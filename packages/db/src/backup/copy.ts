import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import { from, to } from 'pg-copy-streams'
import type { Connection } from '../client.ts'

/** What a COPY … TO STDOUT gives. Whoever stops in the middle has to cut the connection. */
export function copyOut(sql: Connection, statement: string) {
  const copy = sql.query(to(statement))
  // A reader that went away hears nothing of the end of its connection.
  copy.on('error', () => undefined)
  return {
    chunks: copy as AsyncIterable<Buffer>,
    /** The server's own count of rows; comes after the last one. */
    async rowCount(): Promise<number> {
      await sql.query('select')
      return copy.rowCount
    },
  }
}

/** Rows on their way into a COPY … FROM STDIN. */
export function copyIn(sql: Connection, statement: string) {
  const copy = sql.query(from(statement))
  let failure: Error | undefined
  // The driver's stream says that it failed, and is not destroyed by it.
  copy.on('error', (error) => (failure ??= error))
  return {
    async write(bytes: Buffer): Promise<void> {
      if (failure !== undefined) throw failure
      if (!copy.write(bytes)) await once(copy, 'drain')
    },
    /** The number of rows that the server took. */
    async end(): Promise<number> {
      if (failure !== undefined) throw failure
      copy.end()
      await finished(copy)
      return copy.rowCount
    },
  }
}
