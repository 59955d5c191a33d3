import { tcpProxy, testDatabase, type TestDatabase } from '@callwire/testkit'
import { inspect } from 'node:util'
import { eq, sql as statement } from 'drizzle-orm'
import type postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openClient } from './client.ts'
import { connectDatabase, connectProvisioner, phones, users } from './index.ts'
import type { Database, Tx } from './index.ts'
import type { ServiceName } from './service-name.ts'
import { fillTenant, idOf } from './testing/fill-tenant.ts'
import { superClient } from './testing/super-client.ts'

let database: TestDatabase
let sql: postgres.Sql & AsyncDisposable
const opened: Database[] = []
const mine = idOf('ten', 1)
const theirs = idOf('ten', 2)

async function open(service: ServiceName, maxConnections = 2): Promise<Database> {
  const url = database.serviceUrl(service)
  const db = await connectDatabase({ url, applicationName: 'test', maxConnections })
  opened.push(db)
  return db
}

beforeAll(async () => {
  database = await testDatabase()
  sql = superClient(database.url)
  await fillTenant(sql, 1)
  await fillTenant(sql, 2)
})
afterAll(async () => {
  await Promise.all(opened.map((db) => db.close()))
  await sql[Symbol.asyncDispose]()
  await database.drop()
})

const tenantsSeen = async (tx: Tx) => {
  const rows = await tx.select({ tenantId: users.tenantId }).from(users)
  return rows.map((row) => row.tenantId)
}

describe('withTenant', () => {
  test('keeps tenants apart on one connection, many at a time', async () => {
    const db = await open('gateway', 2)
    const asked = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? mine : theirs))
    const seen = await Promise.all(asked.map((tenant) => db.withTenant(tenant, tenantsSeen)))
    expect(seen).toEqual(asked.map((tenant) => [tenant]))
  })

  test('carries nothing over that its work set', async () => {
    const db = await open('gateway', 1)
    await db.withTenant(mine, async (tx) => {
      await tx.execute(statement`select set_config('app.tenant', ${theirs}, false)`)
    })
    expect(await db.withTenant(mine, tenantsSeen)).toEqual([mine])
    const leaked = db.withTenant(mine, async (tx) => {
      await tx.execute(statement`set role callwire_owner`)
    })
    await expect(leaked).rejects.toMatchObject({ code: 'permission' })
  })

  test.each(['', 'ten_1', `${mine}'`, mine.toUpperCase(), idOf('usr', 1)])(
    'takes no %j for a tenant',
    async (tenant) => {
      const db = await open('gateway')
      await expect(db.withTenant(tenant, tenantsSeen)).rejects.toMatchObject({ code: 'invalid' })
    },
  )

  test('rolls back when its work rejects, and gives that error back', async () => {
    const db = await open('gateway')
    const own = new Error('changed my mind')
    const undone = db.withTenant(mine, async (tx) => {
      await tx.update(phones).set({ tags: ['lost'] })
      throw own
    })
    await expect(undone).rejects.toBe(own)
    const rows = await db.withTenant(mine, (tx) => tx.select({ tags: phones.tags }).from(phones))
    expect(rows).toEqual([{ tags: [] }])
  })

  test('lets no value out with an error, not even one found at commit', async () => {
    const db = await open('gateway')
    const email = 'secret-person@example.com'
    const hash = '$scrypt$secret-hash'
    const add = db.withTenant(mine, async (tx) => {
      for (const n of [71, 72]) {
        const user = { tenantId: mine, id: idOf('usr', n), email, passwordHash: hash }
        await tx.insert(users).values({ ...user, role: 'agent' })
      }
    })
    const error: unknown = await add.catch((fault: unknown) => fault)
    expect(error).toMatchObject({ code: 'conflict', sqlstate: '23505', constraint: 'users_email' })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/secret/)
    const late = db.withTenant(mine, async (tx) => {
      await tx.execute(statement`
        insert into call_keys (tenant_id, call_id, wrapped)
        values (${mine}, ${idOf('cal', 99)}, 'cw1k.x')`)
    })
    await expect(late).rejects.toMatchObject({
      code: 'foreign_key',
      constraint: 'call_keys_call',
    })
  })
})

test('a database that is read-only says so', async () => {
  await using own = await testDatabase()
  await using setter = superClient(own.url)
  await setter`alter database ${setter(own.name)} set default_transaction_read_only = on`
  const url = own.serviceUrl('gateway')
  const db = await connectDatabase({ url, applicationName: 'test', maxConnections: 1 })
  try {
    await expect(db.ping()).rejects.toMatchObject({ code: 'refuses_writes', retryable: true })
    const write = db.withTenant(mine, (tx) => tx.delete(users))
    await expect(write).rejects.toMatchObject({ code: 'refuses_writes' })
  } finally {
    await db.close()
  }
})

test('a database and a provisioner have these ways in and no others', async () => {
  expect(Object.keys(await open('gateway')).toSorted()).toEqual([
    'accountRequests',
    'atOnce',
    'batch',
    'close',
    'finder',
    'keys',
    'nowMs',
    'ping',
    'reader',
    'withTenant',
  ])
  const provisioner = connectProvisioner({ url: database.url })
  expect(Object.keys(provisioner).toSorted()).toEqual([
    'close',
    'isEmpty',
    'keys',
    'operator',
    'setOperator',
    'unusedDefault',
    'userByEmail',
    'withTenant',
  ])
  await provisioner.close()
})

describe('logins', () => {
  test('one that looks past policies is refused', async () => {
    const refused = connectDatabase({ url: database.url, applicationName: 'test' })
    await expect(refused).rejects.toMatchObject({ code: 'unsafe_role', level: 'fatal' })
    for (const right of ['bypassrls', 'in role callwire_owner', 'createrole']) {
      const name = `t_login_${Math.trunc(performance.now() * 1000)}`
      await sql.unsafe(`create role ${name} login password 'a-password' ${right}`)
      try {
        const url = new URL(database.url)
        url.username = name
        url.password = 'a-password'
        const attempt = connectDatabase({ url: url.href, applicationName: 'test' })
        await expect(attempt).rejects.toMatchObject({ code: 'unsafe_role' })
      } finally {
        await sql.unsafe(`drop role ${name}`)
      }
    }
  })

  test('a wrong password and an unreachable server are told without their text', async () => {
    const url = new URL(database.serviceUrl('gateway'))
    url.password = 'not-the-password'
    const wrong = connectDatabase({ url: url.href, applicationName: 'test' })
    await expect(wrong).rejects.toMatchObject({ code: 'permission', sqlstate: '28P01' })
    await expect(wrong).rejects.not.toHaveProperty('cause')
    url.port = '9'
    const nobody = connectDatabase({ url: url.href, applicationName: 'test' })
    await expect(nobody).rejects.toMatchObject({ code: 'unavailable', retryable: true })
  })

  test('a database without the schema is refused', async () => {
    await using empty = await testDatabase({ empty: true })
    const attempt = connectDatabase({ url: empty.serviceUrl('gateway'), applicationName: 'test' })
    await expect(attempt).rejects.toMatchObject({ code: 'migration' })
  })
})

test('work that swallowed a fault is not taken for done', async () => {
  const db = await open('gateway')
  const half = db.withTenant(mine, async (tx) => {
    await tx.update(phones).set({ tags: ['half'] })
    await tx.execute(statement`select 1 / 0`).catch(() => undefined)
    return 'done'
  })
  await expect(half).rejects.toMatchObject({ code: 'internal', sqlstate: '25P02' })
})

test('a connection cut in the middle is an outage, and the next one works', async () => {
  await using proxy = await tcpProxy({ target: database.serviceUrl('gateway') })
  const url = proxy.through(database.serviceUrl('gateway'))
  const db = await connectDatabase({ url, applicationName: 'test', maxConnections: 1 })
  try {
    const broken = db.withTenant(mine, async (tx) => {
      proxy.cut()
      return tenantsSeen(tx)
    })
    await expect(broken).rejects.toMatchObject({ code: 'unavailable', retryable: true })
    expect(await db.withTenant(mine, tenantsSeen)).toEqual([mine])
    await db.ping()
  } finally {
    await db.close()
  }
})

test('a connection whose answer never came is not used again', async () => {
  await using proxy = await tcpProxy({ target: database.serviceUrl('gateway') })
  const url = proxy.through(database.serviceUrl('gateway'))
  const client = openClient({
    url,
    applicationName: 'test',
    maxConnections: 1,
    statementTimeoutMs: 2_000,
  })
  try {
    await client.rows('select 1')
    proxy.dropReply()
    await expect(client.rows('select 2')).rejects.toMatchObject({ code: 'unavailable' })
    proxy.resume()
    expect(await client.rows('select 3 as three')).toEqual([{ three: 3 }])
  } finally {
    await client.close()
  }
})

describe('the provisioner', () => {
  test('writes accounts of one tenant as the owner, and no calls', async () => {
    const provisioner = connectProvisioner({ url: database.url })
    try {
      expect(await provisioner.isEmpty()).toBe(false)
      expect(await provisioner.userByEmail('U2@Example.com')).toEqual({
        tenantId: theirs,
        id: idOf('usr', 2),
      })
      expect(await provisioner.withTenant(mine, tenantsSeen)).toEqual([mine])
      const foreign = provisioner.withTenant(mine, (tx) =>
        tx.insert(users).values({
          tenantId: theirs,
          id: idOf('usr', 9),
          email: 'x@example.com',
          passwordHash: '$scrypt$x',
          role: 'owner',
        }),
      )
      await expect(foreign).rejects.toMatchObject({ code: 'permission' })
      const unseen = await provisioner.withTenant(mine, (tx) =>
        tx.select().from(phones).where(eq(phones.tenantId, mine)),
      )
      expect(unseen).toEqual([])
    } finally {
      await provisioner.close()
    }
  })
})
