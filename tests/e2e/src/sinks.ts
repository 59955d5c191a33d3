import { Redis } from 'ioredis'
import pg from 'pg'

/** A place where something may have been written, and everything that stands there. */
export type Sink = { name: string; text: string }

/** Every key of every type, with its value, as text. */
export async function redisSinks(url: string): Promise<Sink[]> {
  const redis = new Redis(url)
  try {
    const sinks: Sink[] = []
    for await (const keys of redis.scanStream({ count: 500 })) {
      for (const key of keys as string[])
        sinks.push({ name: `redis ${key}`, text: `${key} ${await valueOf(redis, key)}` })
    }
    return sinks
  } finally {
    redis.disconnect()
  }
}

async function valueOf(redis: Redis, key: string): Promise<string> {
  switch (await redis.type(key)) {
    case 'string':
      return (await redis.get(key)) ?? ''
    case 'hash':
      return JSON.stringify(await redis.hgetall(key))
    case 'list':
      return JSON.stringify(await redis.lrange(key, 0, -1))
    case 'set':
      return JSON.stringify(await redis.smembers(key))
    case 'zset':
      return JSON.stringify(await redis.zrange(key, '0', '-1', 'WITHSCORES'))
    case 'stream':
      return JSON.stringify(await redis.xrange(key, '-', '+'))
    default:
      return ''
  }
}

/** Every row of every table, as text, read as the cluster's superuser. */
export async function postgresSinks(url: string): Promise<Sink[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const tables = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
    )
    const sinks: Sink[] = []
    for (const { name } of tables.rows) {
      const rows = await client.query<{ text: string }>(`select t::text as text from ${name} t`)
      sinks.push({ name: `postgres ${name}`, text: rows.rows.map((row) => row.text).join('\n') })
    }
    return sinks
  } finally {
    await client.end()
  }
}

/** The forms in which a secret gets about. */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  return [
    ...new Set([
      secret,
      bytes.toString('base64'),
      bytes.toString('base64url'),
      bytes.toString('hex'),
      encodeURIComponent(secret),
    ]),
  ]
}

/** Which of these secrets stand in which sinks: names only. */
export function leaks(sinks: readonly Sink[], secrets: Readonly<Record<string, string>>): string[] {
  return sinks.flatMap(({ name, text }) =>
    Object.entries(secrets)
      .filter(([, secret]) => formsOf(secret).some((form) => text.includes(form)))
      .map(([what]) => `${what} in ${name}`),
  )
}
