import { eventually, tcpProxy } from '@callwire/testkit'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { calls, callToDialIn, connectDatabase, type CallToDialRow, type Database } from './index.ts'
import { batchBench, type BatchBench } from './testing/batch-rows.ts'
import { idOf } from './testing/fill-tenant.ts'
import { rolledBack, superClient } from './testing/super-client.ts'

let bench: BatchBench
let gateway: Database
let dialer: Database

beforeAll(async () => {
  bench = await batchBench()
  gateway = await bench.open('gateway')
  dialer = await bench.open('dialer')
  // So that no test sees a plan for tables of three rows alone.
  await bench.owner`update calls set status = 'dialing', fence = 4 where id = ${idOf('cal', 2)}`
})
afterAll(() => bench[Symbol.asyncDispose]())

const tenant = (t: number) => ({ tenantId: idOf('ten', t) })
const call = (t: number, n = t) => ({ ...tenant(t), callId: idOf('cal', n) })
const phone = (t: number, n = t) => ({ ...tenant(t), phoneId: idOf('phn', n) })
const key = (t: number, n = t) => ({ ...tenant(t), id: idOf('key', n) })
const attempt = (t: number, fence: number, n = t) => ({ ...call(t, n), fence })

describe('of several tenants at once', () => {
  test('each has its own rows, whoever asks beside it, and nobody has another’s', async () => {
    const [seen, callers, keys, held] = await Promise.all([
      Promise.all([call(1), call(2), call(1, 2), call(3), call(1)].map(dialer.reader.callToDial)),
      Promise.all([phone(1), phone(2, 1), phone(3)].map(gateway.reader.caller)),
      Promise.all([key(3), key(1, 3), key(1)].map(gateway.reader.apiKey)),
      Promise.all(
        [attempt(1, 4, 2), attempt(2, 4), attempt(2, 3), attempt(1, 0)].map(
          dialer.reader.isAttemptHeld,
        ),
      ),
    ])
    expect(seen.map((row) => row && [row['call_tenant_id'], row['call_id']])).toEqual([
      [idOf('ten', 1), idOf('cal', 1)],
      [idOf('ten', 2), idOf('cal', 2)],
      null,
      [idOf('ten', 3), idOf('cal', 3)],
      [idOf('ten', 1), idOf('cal', 1)],
    ])
    expect(callers.map((row) => row?.agent_id ?? null)).toEqual([
      idOf('agt', 1),
      null,
      idOf('agt', 3),
    ])
    expect(keys).toEqual([
      { n: 0, scopes: [], last_used_at: null },
      null,
      { n: 2, scopes: [], last_used_at: null },
    ])
    expect(held).toEqual([false, true, false, false])
  })

  test('those of a moment share a statement, and each has its own answer', async () => {
    const asked = Array.from({ length: 30 }, (_, i) => call((i % 3) + 1))
    const rows = await Promise.all(asked.map(dialer.reader.callToDial))
    expect(rows.map((row) => row?.['call_id'])).toEqual(asked.map(({ callId }) => callId))
    expect(new Set(rows.map((row) => row?.now_ms)).size).toBe(1)
  })

  test('what is no tenant’s id, and what does not fit, fails alone', async () => {
    const ends = await Promise.allSettled([
      dialer.reader.isAttemptHeld(attempt(2, 4)),
      dialer.reader.isAttemptHeld({ ...attempt(2, 4), tenantId: `${idOf('ten', 2)},x` }),
      dialer.reader.isAttemptHeld(attempt(2, 3_000_000_000)),
      dialer.reader.isAttemptHeld(attempt(2, 4)),
    ])
    expect(ends[0]).toEqual({ status: 'fulfilled', value: true })
    expect(ends[1]).toMatchObject({ reason: { code: 'invalid' } })
    expect(ends[2]).toMatchObject({ reason: { code: 'invalid', sqlstate: '22003' } })
    expect(ends[3]).toEqual({ status: 'fulfilled', value: true })
  })

  test('a lost connection fails those that were on it, and later ones work', async () => {
    await using proxy = await tcpProxy({ target: bench.url('dialer') })
    const url = proxy.through(bench.url('dialer'))
    const far = await connectDatabase({ url, applicationName: 'reads', maxConnections: 1 })
    try {
      expect(await far.reader.callToDial(call(1))).not.toBeNull()
      proxy.stall()
      const ends = Promise.allSettled([call(1), call(2)].map(far.reader.callToDial))
      // Under way, and the answer will not come.
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
      proxy.cut()
      proxy.resume()
      for (const end of await ends) expect(end).toMatchObject({ reason: { code: 'unavailable' } })
      expect(
        await eventually(() => far.reader.callToDial(call(2)).catch(() => null)),
      ).toMatchObject({ call_id: idOf('cal', 2) })
    } finally {
      await far.close()
    }
  })
})

const asks = {
  calls_to_dial: ['dialer', call(2)],
  attempts_held: ['dialer', attempt(2, 4)],
  callers: ['gateway', phone(2)],
  api_keys: ['gateway', key(2)],
} as const

describe.each(Object.entries(asks))('by hand: %s', (name, [service, of]) => {
  const { tenantId, ...rest } = of
  const snake = Object.entries(rest).map(
    ([field, value]) => [field === 'id' ? 'key_id' : field.replace('Id', '_id'), value] as const,
  )
  const item = { n: 7, tenant_id: tenantId, ...Object.fromEntries(snake) }
  const ask = async (settings: Readonly<Record<string, string>>) => {
    await using login = superClient(bench.url(service))
    return await login.begin(async (tx) => {
      for (const [setting, value] of Object.entries(settings)) {
        await tx`select set_config(${setting}, ${value}, true)`
      }
      const text = `select n from reader.${name}($1::text::json)`
      return [...(await tx.unsafe(text, [JSON.stringify([item])]))]
    })
  }

  test('sees the tenants that the transaction names, one or several', async () => {
    const several = [1, 2].map((t) => idOf('ten', t)).join(',')
    expect(await ask({ 'app.tenants': several })).toEqual([{ n: 7 }])
    expect(await ask({ 'app.tenant': idOf('ten', 2) })).toEqual([{ n: 7 }])
  })

  test('sees no other tenant, and nothing where none is named', async () => {
    expect(await ask({ 'app.tenants': idOf('ten', 1) })).toEqual([])
    expect(await ask({ 'app.tenant': idOf('ten', 1) })).toEqual([])
    await expect(ask({})).rejects.toMatchObject({ code: '42501' })
  })
})

describe('a call to dial', () => {
  test('has every column of its row, as the table has it', async () => {
    // No two alike, and none that is null but the one that says that the number is there no more.
    await bench.owner.unsafe(`
      update calls set agent_id = '${idOf('agt', 3)}', reason_code = 'code',
        person_sealed = 'cw1d.k1.p',
        reason_message = 'message', fence = 2, attempt = 3, priority = 4, time_limit_seconds = 5,
        duration_seconds = 6, record = true, allow_concurrent = false,
        metadata_sealed = 'cw1d.k2.m', recording_url_sealed = 'cw1d.k3.r', account_sid = 'account',
        rang_first = 'first', legs = '[1]', candidates = '[2]',
        ${[
          ...['created', 'schedule', 'due', 'dialing', 'dialed', 'unknown', 'answered', 'ended'],
          ...['heard', 'words_erased'],
        ]
          .map((name, day) => `${name}_at = '2026-01-01'::timestamptz + ${day} * interval '1 day'`)
          .join(', ')}
      where id = '${idOf('cal', 3)}'`)
    const [row] = await bench.owner`select * from calls where id = ${idOf('cal', 3)}`
    const empty = Object.entries(row ?? {}).filter(([, value]) => value === null)
    expect(empty).toEqual([['number_erased_at', null]])
    const seen = await dialer.reader.callToDial(call(3))
    const columns = Object.entries(seen ?? {}).filter(([name]) => name.startsWith('call_'))
    const own = columns.map(([name, value]) => [name.slice('call_'.length), value])
    expect(Object.fromEntries(own)).toEqual({ ...row })
  })

  test('is seen by its own transaction as that has changed it', async () => {
    const { tenantId, callId } = call(3)
    const reason = await dialer.withTenant(tenantId, async (tx) => {
      await tx.update(calls).set({ reasonCode: 'paused' }).where(eq(calls.id, callId))
      return (await callToDialIn(tx, call(3)))?.['call_reason_code']
    })
    expect(reason).toBe('paused')
    const none = await dialer.withTenant(tenantId, (tx) => callToDialIn(tx, call(3, 1)))
    expect(none).toBeNull()
  })

  const of = (column: string) => `where tenant_id = '${idOf('ten', 1)}' and ${column}`
  const myPhone = of(`id = '${idOf('phn', 1)}'`)
  const refused = `update calls set status = 'failed', ended_at = now(),
    reason_code = 'provider_forbidden' ${of(`id = '${idOf('cal', 1)}'`)}`
  const refusedBefore = `insert into calls (tenant_id, id, phone_id, direction, person_sealed,
      person_masked, person_index, status, reason_code, ended_at)
    select tenant_id, '${idOf('cal', 21)}', phone_id, direction, person_sealed, person_masked,
      person_index, 'failed', 'provider_auth', now() - interval '1 day'
    from calls ${of(`id = '${idOf('cal', 1)}'`)}`
  const ownAgent = `insert into agents (tenant_id, id, name, kind, number)
      values ('${idOf('ten', 1)}', '${idOf('agt', 21)}', 'own', 'human', '+919800000000');
    update calls set agent_id = '${idOf('agt', 21)}' ${of(`id = '${idOf('cal', 1)}'`)}`
  const opened = `update phones set breaker_opened_at = now() ${myPhone}`

  test.each<[what: string, change: string, seen: Partial<CallToDialRow>]>([
    ['its phone', '', { phone_number: '+91800000000', breaker: null }],
    [
      'a phone that is gone',
      `update phones set deleted_at = now() ${myPhone}`,
      { phone_number: null, agent_kind: null },
    ],
    ['its phone’s agent', '', { agent_kind: 'stream', agent_stream_url: null }],
    ['an agent of its own', ownAgent, { agent_kind: 'human', agent_number: '+919800000000' }],
    [
      'an agent that is gone',
      `update agents set deleted_at = now() ${of('true')}`,
      { agent_kind: null },
    ],
    [
      'the account',
      '',
      {
        sid: 's',
        subdomain: 'api.exotel.com',
        version: 1,
        enc_api_key: 'cw1c.x',
        enc_api_token: 'cw1c.y',
      },
    ],
    ['no account', `delete from phone_credentials ${of('true')}`, { sid: null, enc_api_key: null }],
    ['an open breaker', opened, { breaker: 'provider_auth' }],
    [
      'what opened it last',
      `${opened}; ${refused}; ${refusedBefore}`,
      { breaker: 'provider_forbidden' },
    ],
    ['a listed person', '', { listed: true, anybody_listed: true }],
    [
      'an entry that is over',
      `update never_call set expires_at = now() - interval '1 s' ${of('true')}`,
      { listed: false, anybody_listed: true },
    ],
    [
      'nobody listed',
      `delete from never_call ${of('true')}`,
      { listed: false, anybody_listed: false },
    ],
    [
      'the tenant',
      `update tenants set dialing_paused = true, cap_phone = 3 ${of('true')}`,
      { paused: true, cap_phone: 3, cap_tenant: null, expire_after_ms: 86_400_000 },
    ],
    [
      'the install',
      `insert into install (dialing_paused, paused_reason) values (true, 'r')`,
      { install_paused: true, install_paused_reason: 'r' },
    ],
    [
      'an install that was never paused',
      '',
      { install_paused: false, install_paused_reason: null },
    ],
  ])('comes with %s', async (_what, change, expected) => {
    await using owner = superClient(bench.superUrl)
    await rolledBack(owner, async (tx) => {
      await tx.unsafe(change)
      await tx`select set_config('app.tenants', ${idOf('ten', 1)}, true)`
      const asked = JSON.stringify([{ n: 0, tenant_id: idOf('ten', 1), call_id: idOf('cal', 1) }])
      const [row] = await tx.unsafe('select * from reader.calls_to_dial($1::text::json)', [asked])
      expect(row).toMatchObject(expected)
    })
  })
})

test('what a tenant has beside what is asked is not read', async () => {
  await using owner = superClient(bench.superUrl)
  await rolledBack(owner, async (tx) => {
    await tx.unsafe(`
      insert into never_call (tenant_id, id, person_sealed, person_masked, person_index, reason,
          created_by)
        select '${idOf('ten', 1)}', 'nvc_' || lpad((n + 100)::text, 24, '0'), 'cw1d.x',
          '+9198********', 'p' || n, 'asked', 'u' from generate_series(1, 2000) n;
      insert into phones (tenant_id, id, number, country, ingest_key, phone_token_hash)
        select '${idOf('ten', 1)}', 'phn_' || lpad((n + 100)::text, 24, '0'), '+91' || 8000000000 + n,
          'IN', 'k' || n, lpad((n + 100)::text, 64, '0') from generate_series(1, 2000) n;
      insert into phone_credentials (tenant_id, phone_id, sid, subdomain, enc_api_key, enc_api_token)
        select tenant_id, id, 's', 'api.exotel.com', 'cw1c.x', 'cw1c.y' from phones
        where tenant_id = '${idOf('ten', 1)}' and id <> '${idOf('phn', 1)}';
      analyze never_call; analyze phones; analyze phone_credentials;
    `)
    await tx`select set_config('app.tenants', ${idOf('ten', 1)}, true)`
    const before = await touched(tx)
    const items = Array.from({ length: 30 }, (_, n) => ({
      ...{ n, tenant_id: idOf('ten', 1), call_id: idOf('cal', 1), phone_id: idOf('phn', 1) },
    }))
    for (const name of ['calls_to_dial', 'callers']) {
      const text = `select n from reader.${name}($1::text::json)`
      expect(await tx.unsafe(text, [JSON.stringify(items)])).toHaveLength(items.length)
    }
    // Every item has one row of each, or two.
    expect((await touched(tx)) - before).toBeLessThanOrEqual(items.length * 8)
  })
})

/** Rows and index entries that this transaction has met in the tables that grow with a tenant. */
async function touched(tx: { unsafe: (text: string) => PromiseLike<unknown[]> }): Promise<number> {
  const [row] = await tx.unsafe(`
    select sum(pg_stat_get_xact_tuples_returned(c.oid))::int as met from pg_class c
    where c.oid in (
      select unnest(array['app.never_call', 'app.phones', 'app.phone_credentials']::regclass[])
      union all
      select indexrelid from pg_index where indrelid = any (
        array['app.never_call', 'app.phones', 'app.phone_credentials']::regclass[]))`)
  return (row as { met: number }).met
}
