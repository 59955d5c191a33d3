import { hostname } from 'node:os'
import { describeRing, type KeyRing } from '@callwire/crypto'
import type { KeyRecord, KeyStore } from '@callwire/db'
import {
  AppError,
  errorFields,
  every,
  type Clock,
  type Logger,
  type Random,
  type Secret,
} from '@callwire/runtime'
import { KeyringError } from '../keyring-error.ts'
import { checkName, placesOf, type RingName } from '../rings.ts'
import { requireKnownKeys } from './require-known-keys.ts'
import { createWatchedRing, type KeyFacts, type WatchedRing } from './watched-ring.ts'

/**
 * Between two looks at files and database. A promotion reaches every process within this time, and
 * a process is counted as gone after 15 s, which leaves it several looks to be missed.
 */
export const LOOK_MS = 2_000

/** A ring as a service's configuration gives it. */
export type HeldRing = {
  readonly name: RingName
  readonly ring: KeyRing
  /** The text it was read from: keys, so it prints as a secret does. */
  readonly text: Secret
  /** The file it came from, which is looked at again; null when it came by the environment. */
  readonly file: string | null
}

/** A process's rings, kept what the files and the database say. Disposing says goodbye. */
export type KeyWatch = AsyncDisposable & {
  /** Rejects while the key that the install seals with is not held: for `/readyz`. */
  check(): Promise<void>
  /** Every key held now: for a metric. */
  kids(): { kid: string; ring: RingName; primary: boolean }[]
}

export type WatchKeysOptions = {
  readonly keys: KeyStore
  readonly service: string
  readonly rings: readonly HeldRing[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Ends the start. What was started ends by its disposal: a process that stops still seals. */
  readonly signal: AbortSignal
}

/**
 * Holds a process's rings to the database, in this order: no id stands for two keys; every key that
 * rows name is there; the install's primary seals; the process is known to hold what it holds. Then
 * it looks again and again. When Postgres is away it goes on with what it has.
 *
 * What a frozen process may do: one that hangs for longer than 15 s counts as gone, so that a key
 * may be promoted without it, and when it wakes it may seal once with the former primary before
 * its next look. That opens everywhere, as everybody holds the former key until it is retired; and
 * a key is retired only when nothing is sealed under it.
 *
 * Throws KeyringError when the rings do not fit the database.
 */
export async function watchKeys(o: WatchKeysOptions): Promise<KeyWatch> {
  const { keys, service, clock, log } = o
  const instance = `${hostname()}:${process.pid}:${o.random(4).toString('hex')}`
  const rings = o.rings.map((held) => createWatchedRing(held, { keys, log }))
  let primary: string | null = null

  for (const { name, ring } of o.rings) {
    const others = await keys.confirmChecks(checkName(name), describeRing(ring).keys)
    if (others.length > 0) throw keyMismatch(name, others)
  }
  o.signal.throwIfAborted()
  for (const ring of rings) {
    await requireKnownKeys(keys, ring.kids(), { places: placesOf(ring.name), variable: ring.name })
  }
  o.signal.throwIfAborted()

  const facts = createFactsReader(keys)
  const follow = async () => {
    const now = await facts(rings.some((ring) => ring.pending()))
    // All rings change in one breath: nothing is sealed half with this key and half with that.
    for (const arrange of rings.map((ring) => ring.prepare(now))) arrange()
    primary = now.primary
  }
  const beat = () => keys.beat({ instance, service, ...holding(rings, primary) })
  await follow()
  for (const ring of rings) requirePrimary(ring, primary)
  await beat()

  const outage = createOutage(log)
  const series = every(
    LOOK_MS,
    async () => {
      try {
        for (const ring of rings) await ring.look()
        await follow()
        await beat()
        outage.over()
      } catch (error) {
        outage.tell(error)
      }
    },
    { clock, signal: new AbortController().signal, log, name: 'keys' },
  )

  return {
    check: () => {
      const behind = rings.some((ring) => primary !== null && !ring.kids().includes(primary))
      if (!behind) return Promise.resolve()
      return Promise.reject(
        new AppError({ code: 'primary_missing', message: 'A ring lacks the primary key.' }),
      )
    },
    kids: () =>
      rings.flatMap((ring) => {
        const sealing = ring.sealing()
        return ring.kids().map((kid) => ({ kid, ring: ring.name, primary: kid === sealing }))
      }),
    [Symbol.asyncDispose]: async () => {
      await series[Symbol.asyncDispose]()
      try {
        await keys.leave(instance)
      } catch (error) {
        log.debug(errorFields(error), 'keys not left')
      }
    },
  }
}

/** What the database says. Which keys rows name is asked for only when it may matter. */
function createFactsReader(keys: KeyStore): (pending: boolean) => Promise<KeyFacts> {
  let known: { records: string; named: KeyFacts['named'] } | null = null
  return async (pending) => {
    const records = await keys.records()
    const text = JSON.stringify(records)
    if (pending || known?.records !== text) known = { records: text, named: await keys.keyIds() }
    return { ...summary(records), named: known.named }
  }
}

function summary(records: readonly KeyRecord[]) {
  return {
    primary: records.find((record) => record.primary)?.kid ?? null,
    retired: records.filter((record) => record.retiredAt !== null).map(({ kid }) => kid),
  }
}

/** A process holds what all its rings hold, and seals with what the slowest of them seals with. */
function holding(rings: readonly WatchedRing[], primary: string | null) {
  const [first, ...others] = rings.map((ring) => ring.kids())
  const sealing = rings.map((ring) => ring.sealing())
  return {
    kids: (first ?? []).filter((kid) => others.every((kids) => kids.includes(kid))),
    primary: sealing.find((kid) => kid !== primary) ?? primary ?? '',
  }
}

function requirePrimary(ring: WatchedRing, primary: string | null): void {
  if (primary === null || ring.kids().includes(primary)) return
  throw new KeyringError(
    'primary_missing',
    ring.name,
    `This install seals with key ${primary}, which is not in ${ring.name}. Put that key back.`,
  )
}

function keyMismatch(name: RingName, kids: readonly string[]): KeyringError {
  const [ids, are] = kids.length === 1 ? ['key', 'is'] : ['keys', 'are']
  return new KeyringError(
    'key_mismatch',
    name,
    `The ${ids} ${kids.join(', ')} of ${name} ${are} not what this database has known under that id. ` +
      'Put the former key back, or give the new one an id of its own.',
  )
}

/** An outage is worth two lines: when it begins and when it is over. */
function createOutage(log: Logger) {
  let since = false
  return {
    tell: (error: unknown) => {
      if (!since) log.warn(errorFields(error), 'keys not looked at')
      since = true
    },
    over: () => {
      if (since) log.info('keys looked at again')
      since = false
    },
  }
}
