import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { constants, inflateRawSync } from 'node:zlib'
import {
  deriveServiceKeys,
  openContent,
  openCredential,
  openDataKey,
  openWithDataKey,
  parseContentRing,
  parseMasterRing,
  parseOpenRing,
} from '@callwire/crypto'
import {
  callKeys,
  calls,
  callbackInbox,
  callSecrets,
  connectDatabase,
  phoneCredentials,
  type Database,
} from '@callwire/db'
import { personIndex, sealContexts } from '@callwire/keyring'
import { verifyChain } from '@callwire/ledger'
import { systemRandom } from '@callwire/runtime'
import { scratchDir, testDatabase, type TestDatabase } from '@callwire/testkit'
import { eq } from 'drizzle-orm'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliRun } from '../testing/cli-run.ts'
import {
  account,
  fillDatabase,
  ledgerOf,
  wordsContext,
  type Filled,
} from '../testing/filled-database.ts'

const masterKeys = ['k1', 'k0'].map((kid) => `${kid}:${systemRandom(32).toString('base64')}`).join()
const rings = deriveServiceKeys(parseMasterRing(masterKeys))
const content = parseContentRing(rings.CONTENT_KEYS)
const undo = new AsyncDisposableStack()
const GZIP = Buffer.of(0x1f, 0x8b, 0x08)

let from: TestDatabase
let to: TestDatabase
let tenants: Filled[]
let file: string
let gateway: Database
let dialer: Database

beforeAll(async () => {
  from = undo.use(await testDatabase())
  to = undo.use(await testDatabase({ empty: true }))
  tenants = await fillDatabase(from, masterKeys, ['north', 'south'])
  const dir = await scratchDir('backup')
  undo.defer(() => rm(dir, { recursive: true, force: true }))
  file = join(dir, 'nightly.backup')
  const backup = await cliRun(['backup', file], {
    DATABASE_URL_BACKUP: from.serviceUrl('backup'),
    BACKUP_SEAL_KEYS: rings.BACKUP_SEAL_KEYS,
  })
  expect(backup).toMatchObject({ code: 0, err: '' })
  const restore = await cliRun(['restore', file], {
    DATABASE_URL: to.url,
    ENCRYPTION_KEYS: masterKeys,
  })
  expect(restore).toMatchObject({ code: 0, err: '' })
  const connect = async (service: string) =>
    undo.adopt(
      await connectDatabase({ url: to.serviceUrl(service), applicationName: 'test' }),
      (opened) => opened.close(),
    )
  gateway = await connect('gateway')
  dialer = await connect('dialer')
})
afterAll(() => undo.disposeAsync())

async function everyRow(url: string) {
  const sql = postgres(url, { max: 1 })
  try {
    const tables = await sql<{ name: string }[]>`
      select relname as name from pg_class
      where relnamespace = 'app'::regnamespace and relkind = 'r' order by 1`
    const rows: [string, unknown[]][] = []
    for (const { name } of tables) {
      const mine = await sql`select t::text as row from ${sql(`app.${name}`)} t
        where ${name === 'schema_scripts' ? sql`t::text not like '%rebuilt%'` : sql`true`} order by 1`
      rows.push([name, [...mine]])
    }
    return rows
  } finally {
    await sql.end()
  }
}

test('every row of every table is back as it was', async () => {
  const rows = await everyRow(to.url)
  expect(rows).toEqual(await everyRow(from.url))
  expect(rows.flatMap(([, all]) => all).length).toBeGreaterThan(20)
})

describe('what was sealed opens in the restored database', () => {
  test.each([0, 1])('of tenant %i', async (index) => {
    const tenant = tenants[index]
    if (tenant === undefined) throw new Error('no such tenant')
    const { tenantId, phoneId, callId, callbackId, clear } = tenant
    const opening = parseOpenRing(rings.CREDENTIAL_OPEN_KEYS)
    await dialer.withTenant(tenantId, async (tx) => {
      const [credentials] = await tx.select().from(phoneCredentials)
      const context = (field: 'apiKey' | 'apiToken') =>
        sealContexts.credential({ tenantId, phoneId, field, ...account })
      expect(openCredential(opening, context('apiKey'), credentials?.encApiKey ?? '')).toBe(
        clear.apiKey,
      )
      expect(openCredential(opening, context('apiToken'), credentials?.encApiToken ?? '')).toBe(
        clear.apiToken,
      )
      const [call] = await tx.select().from(calls)
      const opened = (context: ReturnType<typeof sealContexts.person>, text: string | null) =>
        openContent(content, context, text ?? '').toString()
      const { person, metadata, callbackBody } = sealContexts
      expect(opened(person(tenantId, callId), call?.personSealed ?? null)).toBe(clear.person)
      expect(opened(metadata(tenantId, callId), call?.metadataSealed ?? null)).toBe(clear.metadata)
      expect(personIndex(content, tenantId, clear.person)).toContain(call?.personIndex)
      const [callback] = await tx.select().from(callbackInbox)
      expect(opened(callbackBody(tenantId, callbackId), callback?.bodySealed ?? null)).toBe(
        clear.body,
      )
    })
    await gateway.withTenant(tenantId, async (tx) => {
      const [key] = await tx.select().from(callKeys).where(eq(callKeys.callId, callId))
      const [secret] = await tx.select().from(callSecrets)
      const dataKey = openDataKey(content, { tenantId, callId }, key?.wrapped ?? '')
      const context = wordsContext(tenantId, callId)
      expect(openWithDataKey(dataKey, context, secret?.sealed ?? '').toString()).toBe(clear.words)
    })
  })
})

test('its fences stand: no tenant sees another, the audit log only grows', async () => {
  const [mine, theirs] = tenants
  if (mine === undefined || theirs === undefined) throw new Error('no tenants')
  await gateway.withTenant(mine.tenantId, async (tx) => {
    const rows = await tx.select({ id: calls.id }).from(calls)
    expect(rows).toEqual([{ id: mine.callId }])
  })
  await gateway.withTenant(mine.tenantId, async (tx) => {
    const update = tx.update(calls).set({ fence: 9 }).where(eq(calls.id, theirs.callId))
    expect((await update).rowCount).toBe(0)
  })
  await expect(
    gateway.withTenant(mine.tenantId, (tx) => tx.select().from(phoneCredentials)),
  ).rejects.toMatchObject({ code: 'permission' })
  const sql = postgres(to.url, { max: 1 })
  await expect(sql`delete from app.audit_log`).rejects.toMatchObject({ code: '42501' })
  await sql.end()
})

test('the ledger goes on where it was', async () => {
  const ledger = ledgerOf(dialer)
  for (const { tenantId, callId } of tenants) {
    await ledger.transact(tenantId, callId, async (work) => {
      await work.append({
        type: 'alert',
        data: { code: 'restored', severity: 'info', message: 'Back from a backup' },
      })
    })
    const events = await ledger.read(tenantId, callId, { after: 0, limit: 10 })
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3])
    expect(verifyChain(callId, events)).toMatchObject({ ok: true })
  }
})

test('the file shows nobody and nothing', () => {
  const bytes = readFileSync(file)
  const header = bytes.subarray(0, bytes.indexOf('\n', bytes.indexOf('\n') + 1)).toString()
  const clear = tenants.flatMap((tenant) => [
    ...Object.values(tenant.clear),
    ...[tenant.tenantId, tenant.callId, tenant.clear.person.slice(3), '+918047112233', 'parcel'],
  ])
  expect(clear.length).toBeGreaterThan(20)
  // Compressed and not sealed would look the same to a search.
  for (let at = bytes.indexOf(GZIP); at >= 0; at = bytes.indexOf(GZIP, at + 1)) {
    const unpacked = unpackedFrom(bytes.subarray(at))
    expect(clear.filter((text) => unpacked.includes(text))).toEqual([])
  }
  for (const text of clear) {
    expect([text, bytes.includes(text)]).toEqual([text, false])
    expect(bytes.includes(Buffer.from(text).toString('base64').replace(/=+$/, ''))).toBe(false)
    expect(header).not.toContain(text)
  }
  expect(JSON.parse(header.split('\n')[1] ?? '')).toMatchObject({ kid: 'k1' })
})

/** What is compressed behind a gzip head of ten bytes, as far as it goes. */
function unpackedFrom(bytes: Buffer): Buffer {
  try {
    const raw = bytes.subarray(10, 60_000)
    return inflateRawSync(raw, { finishFlush: constants.Z_SYNC_FLUSH })
  } catch {
    return Buffer.alloc(0)
  }
}
