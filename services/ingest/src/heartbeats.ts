import { DbError, type Database } from '@callwire/db'
import { errorFields, every, type Clock, type Logger } from '@callwire/runtime'
import { keepFresh, type Beat, type HeartbeatNews } from './keep-fresh.ts'

/** Well below the 15 s after which a socket's row counts as left behind. */
const HEARTBEAT_MS = 3_000
/** One tenant's locked row or slow statement does not keep the others' rows from being fresh. */
const TENANTS_AT_ONCE = 4
/** A statement is as long as its rows: more go in a second one. */
const ROWS_AT_ONCE = 200

/** A live stream as its heartbeat sees it. */
export type Beating = {
  readonly tenantId: string
  /** What its row is told. */
  beat(): Beat
  /** What the database knew of its call. */
  hear(news: HeartbeatNews): void
}

/** The heartbeats of all of a process's streams: one statement a tenant, not one a stream. */
export type Heartbeats = AsyncDisposable & {
  /** From the next round on; gives what ends it. */
  add(one: Beating): () => void
}

export function createHeartbeats(o: {
  database: Pick<Database, 'withTenant'>
  clock: Clock
  log: Logger
}): Heartbeats {
  const all = new Set<Beating>()

  const tell = async ({ tenantId, streams }: Group) => {
    const byId = new Map<string, Beating>()
    const beats = streams.map((one) => {
      const beat = one.beat()
      byId.set(beat.id, one)
      return beat
    })
    await send(tenantId, beats, byId)
  }

  const send = async (tenantId: string, beats: Beat[], byId: Map<string, Beating>) => {
    try {
      const news = await o.database.withTenant(tenantId, (tx) => keepFresh(tx, tenantId, beats))
      for (const { id, ...what } of news) {
        const one = byId.get(id)
        if (one !== undefined && all.has(one)) one.hear(what)
      }
    } catch (error) {
      // One socket's numbers that no row can hold are its own affair, not its neighbours'.
      if (beats.length > 1 && error instanceof DbError && error.code === 'invalid') {
        const half = Math.ceil(beats.length / 2)
        await send(tenantId, beats.slice(0, half), byId)
        await send(tenantId, beats.slice(half), byId)
        return
      }
      o.log.warn({ tenantId, streams: beats.length, ...errorFields(error) }, 'heartbeat failed')
    }
  }

  const rounds = every(
    HEARTBEAT_MS,
    async () => {
      const groups = groupsOf(all)
      const lane = async () => {
        for (let group = groups.pop(); group !== undefined; group = groups.pop()) await tell(group)
      }
      await Promise.all(Array.from({ length: TENANTS_AT_ONCE }, lane))
    },
    {
      clock: o.clock,
      signal: new AbortController().signal,
      log: o.log,
      name: 'stream heartbeats',
    },
  )
  return {
    add(one) {
      all.add(one)
      return () => all.delete(one)
    },
    [Symbol.asyncDispose]: () => rounds[Symbol.asyncDispose](),
  }
}

type Group = { tenantId: string; streams: Beating[] }

function groupsOf(all: Iterable<Beating>): Group[] {
  const open = new Map<string, Group>()
  const groups: Group[] = []
  for (const one of all) {
    const { tenantId } = one
    let group = open.get(tenantId)
    if (group === undefined || group.streams.length >= ROWS_AT_ONCE) {
      group = { tenantId, streams: [] }
      open.set(tenantId, group)
      groups.push(group)
    }
    group.streams.push(one)
  }
  return groups
}
