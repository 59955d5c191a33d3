import { ID_RANDOM_BYTES, newId } from '@callwire/contracts'
import { mediaStreams, tenantAlerts, tenants, type Database, type Tx } from '@callwire/db'
import { errorFields } from '@callwire/runtime'
import { and, countDistinct, eq, gt, isNull, ne, sql } from 'drizzle-orm'
import type { IngestContext } from './context.ts'

/** How often a tenant is told that it is over its cap. */
const ALERT_EVERY_MS = 60_000

/** A tenant's live calls, and how many it may have; `cap` null: as many as come. */
export type StreamRoom = { cap: number | null; live: number }

/**
 * Reads how much room a tenant has. Live are calls with an open media socket, in any process;
 * `exceptCallId` is left out, because another socket of a call takes the place of the first.
 */
export async function readStreamRoom(
  tx: Tx,
  tenantId: string,
  exceptCallId: string | null,
): Promise<StreamRoom> {
  const [row] = await tx
    .select({ cap: tenants.capStreams })
    .from(tenants)
    .where(eq(tenants.tenantId, tenantId))
    .limit(1)
  const cap = row?.cap ?? null
  if (cap === null) return { cap, live: 0 }
  const others = exceptCallId === null ? undefined : ne(mediaStreams.callId, exceptCallId)
  const [counted] = await tx
    .select({ live: countDistinct(mediaStreams.callId) })
    .from(mediaStreams)
    .where(and(eq(mediaStreams.tenantId, tenantId), isNull(mediaStreams.endedAt), others))
  return { cap, live: counted?.live ?? 0 }
}

/**
 * Whether a call's socket may be opened, decided with no other one of the tenant being opened
 * meanwhile: until this transaction ends, the next waits here.
 */
export async function hasStreamRoom(tx: Tx, tenantId: string, callId: string): Promise<boolean> {
  const before = await readStreamRoom(tx, tenantId, callId)
  if (before.cap === null) return true
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended(${`stream-cap:${tenantId}`}, 0))`,
  )
  const { cap, live } = await readStreamRoom(tx, tenantId, callId)
  return cap === null || live < cap
}

/** Tells a tenant that sockets of its calls are refused, once a minute at most. Never rejects. */
export type StreamCapAlert = (tenantId: string) => void

export function createStreamCapAlert(
  d: Pick<IngestContext, 'clock' | 'random' | 'log' | 'metrics'> & { database: Database },
): StreamCapAlert {
  /** Spares the database a flood's questions; its own answer is what counts. */
  const said = new Map<string, number>()

  const write = async (tenantId: string) => {
    const nowMs = d.clock.now()
    await d.database.withTenant(tenantId, async (tx) => {
      const recent = await tx
        .select({ id: tenantAlerts.id })
        .from(tenantAlerts)
        .where(
          and(
            eq(tenantAlerts.tenantId, tenantId),
            eq(tenantAlerts.code, 'stream_cap'),
            gt(tenantAlerts.at, new Date(nowMs - ALERT_EVERY_MS)),
          ),
        )
        .limit(1)
      if (recent.length > 0) return
      d.log.warn({ tenantId, alert: 'stream_cap', severity: 'warn' }, 'alert raised')
      d.metrics.alerts.inc({ code: 'stream_cap' })
      await tx.insert(tenantAlerts).values({
        tenantId,
        id: newId('alert', { nowMs, random: d.random(ID_RANDOM_BYTES) }),
        code: 'stream_cap',
        severity: 'warn',
        message: 'Media sockets are refused: as many calls are live as caps.streams allows.',
        at: new Date(nowMs),
      })
    })
  }

  return (tenantId) => {
    const nowMs = d.clock.monotonicMs()
    for (const [tenant, atMs] of said) if (nowMs - atMs >= ALERT_EVERY_MS) said.delete(tenant)
    if (said.has(tenantId)) return
    said.set(tenantId, nowMs)
    write(tenantId).catch((error: unknown) => {
      d.log.error(
        { alert: 'stream_cap', tenantId, ...errorFields(error) },
        'alert not written down',
      )
    })
  }
}
