import type { CallEvent } from '@callwire/contracts'
import { callEvents, callHeads, callSecrets, type Tx } from '@callwire/db'
import { eventually } from '@callwire/testkit'
import { asc, eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { NewFact } from './fact.ts'
import type { Ledger } from './ledger.ts'
import { arrangeLedger, idOf, type Arranged } from './testing/arrange-ledger.ts'
import { verifyChain } from './verify-chain.ts'

let at: Arranged
let callId: string

beforeAll(async () => {
  at = await arrangeLedger()
})
afterAll(() => at[Symbol.asyncDispose]())
beforeEach(async () => {
  callId = await at.newCall()
  at.rung.length = 0
})

const gap = (fromMs: number): NewFact => ({
  type: 'transcript.gap',
  data: { fromMs, toMs: fromMs + 1, reason: 'test' },
})

const append = (ledger: Ledger, fact: NewFact) =>
  ledger.transact(at.tenantId, callId, (w) => w.append(fact))

const readAll = () => at.ledger.read(at.tenantId, callId, { after: 0, limit: 1_000 })

describe('work on what one statement saw', () => {
  const look = (found: boolean) => async (tx: Tx) => {
    const [head] = await tx
      .select()
      .from(callHeads)
      .where(eq(callHeads.callId, callId))
      .for('update')
    return head === undefined || !found ? null : { head, seen: head.seq }
  }

  test('starts from the head it locked, and appends to it', async () => {
    const seen = await at.ledger.transactSeen(at.tenantId, callId, look(true), async (w, seq) => {
      await w.append(gap(1))
      return seq
    })
    expect(seen).toBe(1)
    expect(verifyChain(callId, await readAll())).toMatchObject({ ok: true })
    expect(at.rung.map(({ seq }) => seq)).toEqual([2])
  })

  test('does not begin for a call that is not there', async () => {
    const work = at.ledger.transactSeen(at.tenantId, callId, look(false), (w) => w.append(gap(1)))
    await expect(work).rejects.toMatchObject({ code: 'no_such_call' })
    expect(await readAll()).toHaveLength(1)
  })
})

describe('append', () => {
  test('200 at once from several connections: gapless, in commit order, one chain', async () => {
    const others = [at.ledger, await at.another(), await at.another()]
    const appending = Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        append(others[index % others.length] ?? at.ledger, gap(index)),
      ),
    )
    const seen: number[][] = []
    const watch = async (): Promise<void> => {
      const seqs = (await readAll()).map(({ seq }) => seq)
      seen.push(seqs)
      if (seqs.length < 201) await watch()
    }
    await Promise.all([appending, watch()])
    const events = await readAll()
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 201 }, (_, i) => i + 1))
    expect(verifyChain(callId, events)).toMatchObject({ ok: true })
    // Whoever reads meanwhile never sees a seq before all those under it.
    expect(seen.length).toBeGreaterThan(1)
    for (const seqs of seen) expect(seqs).toEqual(seqs.map((_, index) => index + 1))
  })

  test('several in one work, also when none was awaited', async () => {
    await at.ledger.transact(at.tenantId, callId, async (w) => {
      await Promise.all([w.append(gap(1)), w.append(gap(2)), w.append(gap(3))])
      expect(w.head).toMatchObject({ seq: 4, lastType: 'transcript.gap' })
    })
    const events = await readAll()
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
    expect(verifyChain(callId, events)).toEqual({ ok: true, hash: events.at(-1)?.hash })
  })

  test('that is rolled back leaves no gap and rings nothing', async () => {
    const own = new Error('no')
    const undone = at.ledger.transact(at.tenantId, callId, async (w) => {
      await w.append(gap(1))
      throw own
    })
    await expect(undone).rejects.toBe(own)
    expect(at.rung).toEqual([])
    await append(at.ledger, gap(2))
    const events = await readAll()
    expect(events.map(({ seq, data }) => [seq, data])).toMatchObject([
      [1, { status: 'queued' }],
      [2, { fromMs: 2 }],
    ])
  })

  test('stores exactly what was rung, and keeps its secret beside it', async () => {
    const sealed = 'cw1e.sealed' as NonNullable<NewFact['secret']>['sealed']
    await append(at.ledger, {
      type: 'stream.dtmf',
      data: { durationMs: 100, atMs: 5 },
      secret: { field: 'digit', sealed },
    })
    expect((await readAll()).slice(1)).toEqual(at.rung)
    expect(JSON.stringify(at.rung)).not.toContain('sealed')
    await at.database.withTenant(at.tenantId, async (tx) => {
      const secrets = await tx.select().from(callSecrets).where(eq(callSecrets.callId, callId))
      expect(secrets).toEqual([{ tenantId: at.tenantId, callId, seq: 2, field: 'digit', sealed }])
      const rows = await tx
        .select({ data: callEvents.data })
        .from(callEvents)
        .where(eq(callEvents.callId, callId))
        .orderBy(asc(callEvents.seq))
      expect(rows[1]?.data).toBe('{"atMs":5,"durationMs":100}')
    })
  })

  test('of a fact with a wrong shape is refused, and the work with it', async () => {
    const bad = { type: 'stream.dtmf', data: { atMs: -1, durationMs: 0 } } as const
    await expect(append(at.ledger, bad)).rejects.toMatchObject({ code: 'invalid_fact' })
    expect(await readAll()).toHaveLength(1)
  })
})

describe('the doorbell', () => {
  test('rings after the commit: whoever hears it finds the fact', async () => {
    const found: CallEvent[] = []
    const ledger = await at.another(async (events) => {
      for (const event of events) {
        const after = event.seq - 1
        found.push(...(await at.ledger.read(at.tenantId, callId, { after, limit: 1 })))
      }
    })
    const event = await append(ledger, gap(1))
    expect(found).toEqual([event])
  })

  test('that fails changes nothing', async () => {
    const ledger = await at.another(() => Promise.reject(new Error('redis is away')))
    const event = await append(ledger, gap(1))
    expect(await readAll()).toContainEqual(event)
  })
})

describe('a call that is not there', () => {
  test('has no head to lock: unknown, or of another tenant', async () => {
    const other = await at.newTenant()
    for (const [tenantId, id] of [
      [at.tenantId, idOf('call')],
      [other, callId],
    ] as const) {
      const attempt = at.ledger.transact(tenantId, id, (w) => w.append(gap(1)))
      await expect(attempt).rejects.toMatchObject({ code: 'no_such_call' })
      expect(await at.ledger.read(tenantId, id, { after: 0, limit: 9 })).toEqual([])
      expect(await at.ledger.heads(tenantId, [id])).toEqual(new Map())
    }
  })

  test('is not opened twice, nor without its row', async () => {
    const again = at.ledger.open(at.tenantId, callId, (w) => w.append(gap(1)))
    await expect(again).rejects.toMatchObject({ code: 'conflict', constraint: 'call_heads_pkey' })
    const bare = at.ledger.open(at.tenantId, idOf('call'), (w) => w.append(gap(1)))
    await expect(bare).rejects.toMatchObject({ code: 'foreign_key' })
  })
})

test('catching up: pages, heads, and what changed', async () => {
  const since = Date.now()
  await at.ledger.transact(at.tenantId, callId, async (w) => {
    for (let ms = 0; ms < 5; ms += 1) await w.append(gap(ms))
  })
  const page = await at.ledger.read(at.tenantId, callId, { after: 2, limit: 3 })
  expect(page.map(({ seq }) => seq)).toEqual([3, 4, 5])
  expect(await at.ledger.read(at.tenantId, callId, { after: 6, limit: 3 })).toEqual([])
  expect(await at.ledger.heads(at.tenantId, [callId, idOf('call')])).toEqual(new Map([[callId, 6]]))
  expect(await at.ledger.heads(at.tenantId, [])).toEqual(new Map())
  const changed = await at.ledger.changedHeads(at.tenantId, since)
  expect(changed).toContainEqual({ callId, seq: 6 })
  expect(await at.ledger.changedHeads(at.tenantId, Date.now() + 60_000)).toEqual([])
})

test('a lock that its holder keeps does not stop other calls', async () => {
  const other = await at.newCall()
  const release = Promise.withResolvers<undefined>()
  const holding = Promise.withResolvers<undefined>()
  const held = at.ledger.transact(at.tenantId, callId, async (w) => {
    holding.resolve(undefined)
    await release.promise
    await w.append(gap(1))
  })
  await holding.promise
  const waiting = append(at.ledger, gap(2))
  await at.ledger.transact(at.tenantId, other, (w) => w.append(gap(3)))
  release.resolve(undefined)
  await Promise.all([held, waiting])
  const order = await eventually(readAll)
  expect(order.slice(1).map(({ data }) => data)).toMatchObject([{ fromMs: 1 }, { fromMs: 2 }])
})
