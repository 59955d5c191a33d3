import { randomBytes } from 'node:crypto'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { createKeyService, wrapEntry } from '@callwire/key-service'
import { vaultStandIn } from '@callwire/key-service/testing'
import { Secret } from '@callwire/runtime'
import { eventually, scratchDir, testDatabase } from '@callwire/testkit'
import postgres from 'postgres'
import { expect, it, onTestFinished } from 'vitest'

import { ringFile } from './ring-files.ts'
import { serviceNeeds, type Service } from './services.ts'
import { launched } from './testing/launched.ts'

const token = 'hvs.a-token-of-this-test'
const entry = (kid: string) => `${kid}:${randomBytes(32).toString('base64')}`

async function scratch(): Promise<string> {
  const dir = await scratchDir('launched')
  onTestFinished(async () => rm(dir, { recursive: true, force: true }))
  return dir
}

/** Calls whose other person is sealed under a key. */
async function addCalls(url: string, kid: string, count: number): Promise<void> {
  const sql = postgres(url, { max: 1, connection: { search_path: 'app' } })
  const id = (prefix: string, n = 0) => `${prefix}_${String(n).padStart(24, '0')}`
  try {
    await sql`insert into tenants (tenant_id, name) values (${id('ten')}, 't')`
    await sql`insert into agents (tenant_id, id, name, kind)
      values (${id('ten')}, ${id('agt')}, 'a', 'stream')`
    await sql`insert into phones (tenant_id, id, number, country, agent_id, ingest_key, phone_token_hash)
      values (${id('ten')}, ${id('phn')}, '+91800000000', 'IN', ${id('agt')}, 'i', ${'0'.repeat(64)})`
    for (let n = 1; n <= count; n += 1) {
      await sql`insert into calls (tenant_id, id, phone_id, direction, person_sealed, person_masked,
          person_index, status)
        values (${id('ten')}, ${id('cal', n)}, ${id('phn')}, 'outbound', ${`cw1d.${kid}.x`},
          '+9198********', 'i', 'completed')`
    }
  } finally {
    await sql.end()
  }
}

const ringsOf = (dataDir: string): Map<string, string> => {
  const rings = new Map<string, string>()
  for (const service of ['gateway', 'ingest', 'dialer', 'transcriber'] as const) {
    for (const name of serviceNeeds[service].keys) {
      rings.set(`${service}/${name}`, readFileSync(ringFile(dataDir, service, name), 'utf8').trim())
    }
  }
  return rings
}

const kidsIn = (ring: string): string => ring.replace(/:[^,]*/g, '')
const allHold = (dataDir: string, kids: string): boolean =>
  [...ringsOf(dataDir).values()].every((ring) => kidsIn(ring) === kids)

it('does not start without a key that rows are sealed under, and names it', async () => {
  await using database = await testDatabase()
  await addCalls(database.url, 'k1', 3)
  await using run = await launched({
    database,
    dataDir: await scratch(),
    env: { ENCRYPTION_KEYS: entry('k2') },
  })
  expect(await run.ended()).toBe(1)
  expect(run.output()).toMatch(
    /^callwire: 3 rows are sealed under key k1, which is not in ENCRYPTION_KEYS/m,
  )
  expect(run.output()).not.toContain('"service":"gateway"')
})

it('passes on why a service refuses its rings, and does not try again', async () => {
  await using database = await testDatabase()
  const sql = postgres(database.url, { max: 1, connection: { search_path: 'app' } })
  await sql`insert into key_checks (ring, kid, check_value)
    values ('content', 'k1', '0123456789abcdef')`
  await sql.end()
  await using run = await launched({
    database,
    dataDir: await scratch(),
    env: { ENCRYPTION_KEYS: entry('k1') },
  })
  expect(await run.ended()).toBe(1)
  expect(run.output()).toMatch(/^\w+: The key k1 of CONTENT_KEYS is not what this database/m)
  expect(run.output()).toMatch(/^callwire: The system did not come up: \w+ does not start/m)
  expect(run.output()).not.toContain('process started again')
})

it('does not start without its key service, and says what to check', async () => {
  const vault = await vaultStandIn({ token, keys: ['callwire'] })
  await vault[Symbol.asyncDispose]()
  await using database = await testDatabase()
  await using run = await launched({
    database,
    dataDir: await scratch(),
    env: {
      KEY_SERVICE: 'vault',
      VAULT_ADDR: vault.url,
      VAULT_TOKEN: token,
      VAULT_TRANSIT_KEY: 'k',
    },
  })
  expect(await run.ended()).toBe(1)
  expect(run.output()).toMatch(
    /^callwire: Vault at 127\.0\.0\.1:\d+ does not answer: check VAULT_ADDR, and that Vault runs there\.$/m,
  )
  expect(run.output()).not.toContain(token)
})

it('hands a key that is added while it runs to every service that holds that ring', async () => {
  await using database = await testDatabase()
  const dataDir = await scratch()
  const file = join(await scratch(), 'keys')
  const first = entry('k1')
  writeFileSync(file, `${first}\n`)
  await using run = await launched({ database, dataDir, env: { ENCRYPTION_KEYS_FILE: file } })
  const { keysFile, pids } = await run.ready()
  expect(keysFile).toBe(file)
  expect(allHold(dataDir, 'k1')).toBe(true)
  const before = ringsOf(dataDir)

  for (const [name, pid] of Object.entries(pids)) {
    if (!Object.hasOwn(serviceNeeds, name)) continue
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8')
    for (const [place, ring] of before) {
      expect(environment).not.toContain(ring.slice(3))
      const held = serviceNeeds[name as Service].keys.some((ringName) => place.endsWith(ringName))
      if (!held) expect(environment).not.toContain(place)
    }
    expect(environment).not.toContain(first.slice(3))
    expect(environment).not.toContain(file)
  }

  const added = `${first},${entry('k2')}`
  writeFileSync(file, `${added}\n`)
  await eventually(() => allHold(dataDir, 'k1,k2'), { boundMs: 30_000, what: 'k2' })
  for (const [place, ring] of ringsOf(dataDir)) {
    expect(ring.startsWith(`${before.get(place) ?? '-'},`)).toBe(true)
  }

  const held = ringsOf(dataDir)
  writeFileSync(file, 'k1:hunter2')
  await eventually(() => run.output().includes('changed keys not taken up'), { boundMs: 30_000 })
  expect(ringsOf(dataDir)).toEqual(held)
  expect(run.output()).not.toContain('hunter2')
})

it('lives on when its key service goes away, and takes up what was wrapped when it is back', async () => {
  await using vault = await vaultStandIn({ token, keys: ['callwire'] })
  const service = createKeyService({
    kind: 'vault',
    address: vault.url,
    token: () => new Secret(token),
    transitKey: 'callwire',
    namespace: undefined,
  })
  await using database = await testDatabase()
  const dataDir = await scratch()
  await using run = await launched({
    database,
    dataDir,
    env: {
      KEY_SERVICE: 'vault',
      VAULT_ADDR: vault.url,
      VAULT_TOKEN: token,
      VAULT_TRANSIT_KEY: 'callwire',
    },
  })
  const { keysFile, pids } = await run.ready()
  expect(keysFile).toBe(join(dataDir, 'secrets', 'ENCRYPTION_KEYS'))
  expect(readFileSync(keysFile ?? '', 'utf8')).toMatch(/^k1:vault:v1:\S+\n$/)
  for (const [name, pid] of Object.entries(pids)) {
    if (name === 'launcher') continue
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8')
    expect(environment).not.toContain(token)
    expect(environment).not.toContain('VAULT_')
  }

  const second = await wrapEntry(service, 'k2', randomBytes(32))
  vault.seal(true)
  appendFileSync(keysFile ?? '', `,${second}\n`)
  await eventually(() => run.output().includes('changed keys not taken up'), { boundMs: 40_000 })
  expect(allHold(dataDir, 'k1')).toBe(true)
  vault.seal(false)
  await eventually(() => allHold(dataDir, 'k1,k2'), { boundMs: 40_000, what: 'k2' })
  expect(run.output()).not.toContain(token)
})
