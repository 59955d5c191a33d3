import { sealContent } from '@callwire/crypto'
import { sealedPlaces, type SealedPlace } from '@callwire/db'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { personIndex, sealContexts } from '../contexts.ts'
import {
  fillSecrets,
  fillWebhookSecrets,
  idOf,
  numberOf,
  sealAccount,
} from '../testing/fill-secrets.ts'
import { readSecrets } from '../testing/read-secrets.ts'
import { ringsOf } from '../testing/test-keys.ts'
import { createWorld, type World } from '../testing/world.ts'
import { placeNamed, places } from './places.ts'

let w: World
beforeEach(async () => {
  w = await createWorld()
})
afterEach(() => w[Symbol.asyncDispose]())

/** One text each: `cw1e` lies under the key of its call, which is in a place of its own. */
const ids = {
  phone_credentials: idOf('phn', 0),
  'calls.person': idOf('cal', 0),
  'calls.metadata': idOf('cal', 0),
  'calls.recording_url': idOf('cal', 0),
  call_keys: idOf('cal', 0),
  callback_inbox: idOf('cbk', 0),
  idempotency_keys: idOf('cal', 0),
  never_call: idOf('nvc', 0),
  recordings: idOf('rec', 0),
  webhook_secrets: idOf('whs', 0),
} as const

/** The login of whoever opens a place. */
const loginFor = (name: SealedPlace) => (name === 'webhook_secrets' ? w.courier : w.dialer)

describe('the places of sealed text', () => {
  it('are all the columns that hold text sealed under a ring', async () => {
    // A rule says so itself, or the function does that it calls: there, for a column by its name.
    const sealed = await w.sql<{ column: string }[]>`
      select c.relname || '.' || a.attname as column
      from pg_constraint k join pg_class c on c.oid = k.conrelid
      join pg_attribute a on a.attrelid = c.oid and a.attnum = any (k.conkey)
      left join pg_depend d on d.classid = 'pg_constraint'::regclass and d.objid = k.oid
        and d.refclassid = 'pg_proc'::regclass
      left join pg_proc p on p.oid = d.refobjid and p.pronamespace = 'app'::regnamespace
      where c.relnamespace = 'app'::regnamespace and k.contype = 'c' and a.attgenerated = ''
        and (pg_get_constraintdef(k.oid) ~ 'cw1(c|d|k|\\[[a-z]*[cdk])'
          or p.prosrc ~ ('\\m' || a.attname || '\\M[^\\n]*cw1[cdk]'))
      order by 1`
    // The one that still has rows of another form, and so no constraint to be known by.
    const columns = new Set([...sealed.map(({ column }) => column), 'idempotency_keys.fingerprint'])
    const worked = places.flatMap(({ table, columns }) => columns.map((name) => `${table}.${name}`))
    expect(worked.toSorted()).toEqual([...columns].toSorted())
  })

  it.each(sealedPlaces)('%s: a row is opened, re-sealed and replaced', async (name) => {
    await fillSecrets(w.sql, ringsOf('k1'), { from: 0, to: 2, tenants: 1 })
    await fillWebhookSecrets(w.sql, ringsOf('k1'), { from: 0, to: 2, tenants: 1 })
    const before = await readSecrets(w.sql, ringsOf('k1'))
    const [place, tenantId, id] = [placeNamed(name), idOf('ten', 0), ids[name]]
    const rings = ringsOf('k2', 'k1')
    const [found] = await loginFor(name).keys.sealedRows({
      place: name,
      kid: 'k1',
      afterTenant: '',
      afterId: '',
      limit: 1,
    })
    expect(found).toEqual({ tenantId, id })
    await loginFor(name).withTenant(tenantId, async (tx) => {
      const [row, ...others] = await place.load(tx, tenantId, [id])
      expect([row?.id, row?.kid, others]).toEqual([id, 'k1', []])
      row?.check(rings)
      expect(() => row?.check(ringsOf('k2'))).toThrow('could not be opened')
      await place.write(tx, tenantId, row === undefined ? [] : [row.reseal(rings)])
      const [again] = await place.load(tx, tenantId, [id])
      expect(again?.kid).toBe('k2')
      again?.check(ringsOf('k2'))
    })
    const after = await readSecrets(w.sql, rings)
    expect(after.plaintexts).toEqual(before.plaintexts)
    expect(after.kids.get('k2')).toBe(place.columns.length)
  })

  it.each(sealedPlaces)('%s: what was edited after it was read is left alone', async (name) => {
    await fillSecrets(w.sql, ringsOf('k1'), { from: 0, to: 1, tenants: 1 })
    await fillWebhookSecrets(w.sql, ringsOf('k1'), { from: 0, to: 1, tenants: 1 })
    const [place, tenantId, id] = [placeNamed(name), idOf('ten', 0), ids[name]]
    const rings = ringsOf('k2', 'k1')
    await loginFor(name).withTenant(tenantId, async (tx) => {
      const rows = await place.load(tx, tenantId, [id])
      const resealed = rows.map((row) => row.reseal(rings))
      // Somebody else re-seals the same row between our reading and our writing.
      await loginFor(name).withTenant(tenantId, (other) =>
        place.write(
          other,
          tenantId,
          rows.map((row) => row.reseal(rings)),
        ),
      )
      const [edited] = await place.load(tx, tenantId, [id])
      await place.write(tx, tenantId, resealed)
      const [kept] = await place.load(tx, tenantId, [id])
      expect(kept?.reseal(rings).was).toEqual(edited?.reseal(rings).was)
    })
  })

  it('keep new credentials that came while the old ones were being re-sealed', async () => {
    await fillSecrets(w.sql, ringsOf('k1'), { from: 0, to: 1, tenants: 1 })
    const [tenantId, phoneId] = [idOf('ten', 0), idOf('phn', 0)]
    const place = placeNamed('phone_credentials')
    const rings = ringsOf('k2', 'k1')
    await w.dialer.withTenant(tenantId, async (tx) => {
      const rows = await place.load(tx, tenantId, [phoneId])
      const imported = sealAccount(rings.sealRing, tenantId, phoneId, { secret: 'new', version: 2 })
      await w.sql`update phone_credentials set ${w.sql({ ...imported, version: 2 })}`
      await place.write(
        tx,
        tenantId,
        rows.map((row) => row.reseal(rings)),
      )
    })
    const { plaintexts } = await readSecrets(w.sql, rings)
    expect(plaintexts.get(`${phoneId} apiToken`)).toBe('apiToken new')
  })

  it('keep the later of two entries for one person, listed while the key changed', async () => {
    const [tenantId, former, later] = [idOf('ten', 0), idOf('nvc', 0), idOf('nvc', 1)]
    await fillSecrets(w.sql, ringsOf('k1'), { from: 0, to: 1, tenants: 1 })
    const { contentRing } = ringsOf('k2', 'k1')
    const number = numberOf(0)
    await w.sql`insert into never_call ${w.sql({
      tenant_id: tenantId,
      id: later,
      person_sealed: sealContent(contentRing, sealContexts.neverCall(tenantId, later), number),
      person_masked: '+9198********',
      person_index: personIndex(contentRing, tenantId, number)[0] ?? '',
      reason: 'asked again',
      created_by: 'u',
    })}`
    const place = placeNamed('never_call')
    await w.dialer.withTenant(tenantId, async (tx) => {
      const rows = await place.load(tx, tenantId, [former])
      await place.write(
        tx,
        tenantId,
        rows.map((row) => row.reseal(ringsOf('k2', 'k1'))),
      )
    })
    expect([...(await w.sql`select id, reason from never_call`)]).toEqual([
      { id: later, reason: 'asked again' },
    ])
  })

  it('find an index that is not that of the number', async () => {
    await fillSecrets(w.sql, ringsOf('k1'), { from: 0, to: 2, tenants: 1 })
    await w.sql`update calls set person_index = (
      select person_index from calls where id = ${idOf('cal', 1)})`
    const rows = await w.dialer.withTenant(idOf('ten', 0), (tx) =>
      placeNamed('calls.person').load(tx, idOf('ten', 0), [idOf('cal', 0), idOf('cal', 1)]),
    )
    const bad = rows.filter((row) => {
      try {
        row.check(ringsOf('k1'))
        return false
      } catch {
        return true
      }
    })
    expect(bad.map((row) => row.id)).toEqual([idOf('cal', 0)])
  })
})
