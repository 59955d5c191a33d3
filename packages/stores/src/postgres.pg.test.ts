import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { scratchDir } from './testing/index.ts'
import postgres from 'postgres'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { placesOutside } from './postgres-home.ts'
import { startPostgres, type RunningPostgres } from './postgres.ts'

let dir: string
const running: RunningPostgres[] = []

beforeEach(async () => {
  dir = await scratchDir('postgres-test')
})
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop()
  for (const place of await placesOutside(join(dir, 'data'))) await rm(place, { recursive: true })
  await rm(dir, { recursive: true, force: true })
})

async function start(dataDir = join(dir, 'data')): Promise<RunningPostgres> {
  const server = await startPostgres({ dataDir, durable: false })
  running.push(server)
  return server
}

async function query<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function writeSomething(server: RunningPostgres): Promise<void> {
  await query(server.url, async (sql) => sql`create table kept as select 42 as answer`)
}

async function readSomething(server: RunningPostgres): Promise<unknown> {
  return query(
    server.url,
    async (sql) => (await sql<{ answer: number }[]>`select answer from kept`)[0]?.answer,
  )
}

const insideCluster = (...rest: string[]): string => join(dir, 'data', 'postgres', ...rest)

describe('startPostgres', () => {
  it('keeps its data from one run to the next, and after a crash', async () => {
    const first = await start()
    await writeSomething(first)
    await first.stop()
    const second = await start()
    expect(await readSomething(second)).toBe(42)
    second.kill()
    await second.exited
    expect(await readSomething(await start())).toBe(42)
  })

  it('asks for the password', async () => {
    const url = new URL((await start()).url)
    url.password = 'wrong'
    await expect(query(url.href, async (sql) => sql`select 1`)).rejects.toThrow(/authentication/)
  })

  it('works in a directory that is closed to others', async () => {
    const closed = join(dir, 'closed')
    mkdirSync(closed, { mode: 0o700 })
    const dataDir = join(closed, 'data')
    const first = await start(dataDir)
    await writeSomething(first)
    await first.stop()
    expect(await readSomething(await start(dataDir))).toBe(42)
    for (const place of await placesOutside(dataDir)) {
      await running.pop()?.stop()
      await rm(place, { recursive: true })
    }
  })

  it('takes its cluster along when its directory is closed later', async () => {
    const first = await start()
    await writeSomething(first)
    await first.stop()
    chmodSync(join(dir, 'data'), 0o700)
    expect(await readSomething(await start())).toBe(42)
  })

  it('begins anew when its data directory was deleted', async () => {
    chmodSync(dir, 0o700)
    const first = await start()
    await writeSomething(first)
    await first.stop()
    rmSync(join(dir, 'data'), { recursive: true })
    await expect(readSomething(await start())).rejects.toThrow(/does not exist/)
  })

  it('removes what an interrupted creation left', async () => {
    mkdirSync(insideCluster('cluster.new-abc', 'data'), { recursive: true })
    await start()
    expect(readdirSync(insideCluster())).toEqual(['cluster'])
  })

  it.each(['PG_VERSION', 'global/pg_control'])(
    'sets a cluster without its %s aside and makes another',
    async (file) => {
      const first = await start()
      await first.stop()
      rmSync(insideCluster('cluster', 'data', file))
      await query((await start()).url, async (sql) => sql`select 1`)
      expect(readdirSync(insideCluster()).some((name) => name.includes('broken'))).toBe(true)
    },
  )

  it('is not fooled by a pid file that names a living stranger', async () => {
    const first = await start()
    await first.stop()
    const pidFile = insideCluster('cluster', 'data', 'postmaster.pid')
    writeFileSync(pidFile, `${process.pid}\n${insideCluster('cluster', 'data')}\n`)
    await start()
    expect(existsSync(pidFile)).toBe(true)
  })
})
