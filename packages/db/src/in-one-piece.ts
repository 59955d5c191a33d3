import { Query, types, type FieldDef } from 'pg'
import type { Connection } from './client.ts'

declare const rowOf: unique symbol

/** A statement with its values, as it is sent. */
export type Ready<Row> = {
  /** Unlike every other statement's: a connection parses and plans it once, under this name. */
  readonly name: string
  readonly text: string
  readonly values: readonly unknown[]
  readonly [rowOf]?: Row
}

/**
 * Runs statements in one transaction, sent in one piece and answered in one: between the first
 * message and the one Sync behind the last, PostgreSQL runs them as a transaction without being
 * told, commits at the Sync, and after a fault skips the rest and rolls back (its manual, "Extended
 * Query", "Pipelining"). A transaction of as many round trips costs both sides several times that.
 * Nothing else may be under way on the connection.
 *
 * @returns the rows of each, as the driver reads them, once all are committed
 */
export function inOnePiece(
  connection: Connection,
  statements: readonly Ready<unknown>[],
): Promise<unknown[][]> {
  return new Promise((resolve, reject) => {
    connection.query(new Piece(statements, resolve, reject))
  })
}

/** Of the driver's own connection, what its queries write to; its types leave most of it out. */
type Wire = {
  parsedStatements: Record<string, string>
  submittedNamedStatements: Record<string, string>
  stream: { cork(): void; uncork(): void; destroy(): void }
  sync(): void
  describe(o: object): void
  close(o: { type: 'S'; name: string }): void
}

type Shape = { name: string; read: (text: string) => unknown }[]

/** How the rows of a connection's statements look: a plan that gives others is refused by the server. */
const shapes = new WeakMap<Wire, Map<string, Shape>>()

/**
 * A query of the driver's by its class, which is all that it lets travel on a connection that does
 * not wait for answers; several by what it sends.
 */
class Piece extends Query {
  /** The driver tells it, and may put another in its place. */
  callback: (error: unknown) => void
  readonly #statements: readonly Ready<unknown>[]
  readonly #rows: unknown[][]
  #wire: Wire | undefined
  #parsed: string[] = []
  #answering = 0
  #shape: Shape | undefined
  #unreadable: unknown

  constructor(
    statements: readonly Ready<unknown>[],
    resolve: (rows: unknown[][]) => void,
    reject: (error: unknown) => void,
  ) {
    super({ text: '' })
    this.#statements = statements
    this.#rows = statements.map(() => [])
    this.callback = (error) => {
      // As the driver gave it: an error of its own kind, or the socket's.
      if (error === null) resolve(this.#rows)
      else reject(error)
    }
  }

  override submit = (connection: unknown): void => {
    const wire = connection as Wire
    this.#wire = wire
    const known = shapesOf(wire)
    // A statement's own Sync would end the transaction behind it; the shape of rows is asked once.
    const within = Object.create(wire, { sync: { value: nothing } }) as Wire
    const knowing = Object.create(within, { describe: { value: nothing } }) as Wire
    wire.stream.cork()
    try {
      for (const { name, text, values } of this.#statements) {
        if (!isParsed(wire, name)) this.#parsed.push(name)
        const query = new Query({ name, text, values: [...values] }) as unknown as {
          prepare(wire: Wire): void
        }
        query.prepare(known.has(name) ? knowing : within)
      }
      wire.sync()
    } catch (error) {
      // Half of it may be on its way already.
      this.#unreadable = error
      wire.stream.destroy()
    } finally {
      wire.stream.uncork()
    }
  }

  handleRowDescription({ fields }: { fields: FieldDef[] }): void {
    this.#shape = fields.map(({ name, dataTypeID }) => ({
      name,
      read: readerOf(dataTypeID),
    }))
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    const name = this.#statements[this.#answering]?.name ?? ''
    this.#shape ??= this.#wire && shapesOf(this.#wire).get(name)
    try {
      this.#rows[this.#answering]?.push(rowFrom(this.#shape ?? [], fields))
    } catch (error) {
      this.#unreadable ??= error
    }
  }

  handleCommandComplete(): void {
    const name = this.#statements[this.#answering]?.name
    if (name !== undefined && this.#wire && this.#shape) {
      shapesOf(this.#wire).set(name, this.#shape)
    }
    this.#shape = undefined
    this.#answering += 1
  }

  handleReadyForQuery(): void {
    if (this.#wire) {
      for (const name of this.#parsed) {
        this.#wire.parsedStatements[name] = this.#wire.submittedNamedStatements[name] ?? ''
        Reflect.deleteProperty(this.#wire.submittedNamedStatements, name)
      }
    }
    this.callback(this.#unreadable ?? null)
  }

  handleError(error: unknown): void {
    const wire = this.#wire
    // Which of them the server parsed before the fault is not known: each is parsed anew, and one
    // that is not there may be closed all the same.
    for (const name of this.#parsed) {
      if (wire === undefined) break
      Reflect.deleteProperty(wire.submittedNamedStatements, name)
      shapesOf(wire).delete(name)
      wire.close({ type: 'S', name })
    }
    this.callback(this.#unreadable ?? error)
  }
}

/** What reads a type's text, by the type's number; text itself for types that the driver does not know. */
const readerOf: (type: number) => (text: string) => unknown = types.getTypeParser

function nothing(): void {
  // In the place of what is sent once for all, or not at all.
}

function shapesOf(wire: Wire): Map<string, Shape> {
  const known = shapes.get(wire)
  if (known !== undefined) return known
  const made = new Map<string, Shape>()
  shapes.set(wire, made)
  return made
}

function isParsed(wire: Wire, name: string): boolean {
  return (
    wire.parsedStatements[name] !== undefined || wire.submittedNamedStatements[name] !== undefined
  )
}

function rowFrom(shape: Shape, fields: readonly (string | null)[]): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  for (const [index, { name, read }] of shape.entries()) {
    const text = fields[index] ?? null
    row[name] = text === null ? null : read(text)
  }
  return row
}
