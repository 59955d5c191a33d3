import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRecordingStore } from '../create-recording-store.ts'
import { s3StandIn, type S3StandIn } from '../testing/index.ts'

let s3: S3StandIn
beforeEach(async () => {
  s3 = await s3StandIn({ sessionToken: 'a-session-token', pageSize: 3 })
  for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) {
    vi.stubEnv(name, '/nonexistent')
  }
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
  for (const [name, value] of Object.entries(s3.credentials)) vi.stubEnv(name, value)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await s3[Symbol.asyncDispose]()
})

/** For an answer that comes, and for one that does not: a busy machine takes its time to say the former. */
const ANSWERED_MS = 15_000
const UNANSWERED_MS = 500

type Settings = {
  bucket?: string
  region?: string
  prefix?: string
  url?: string
  timeoutMs?: number
}
const storeOf = (o: Settings = {}) =>
  createRecordingStore(
    {
      kind: 's3',
      bucket: o.bucket ?? s3.bucket,
      prefix: o.prefix ?? 'kept/here/',
      region: o.region ?? s3.region,
      endpoint: o.url ?? s3.url,
    },
    { timeoutMs: o.timeoutMs ?? ANSWERED_MS },
  )
const object = randomBytes(480_112)
const key = 'ten_1/cal_1/rec_1-0-1.wav.sealed'

describe('an S3-compatible store', () => {
  it('gives back what was put, under its prefix, until it is removed', async () => {
    await using store = storeOf()
    await store.ping()
    await store.put(key, randomBytes(10))
    await store.put(key, object)
    expect([...s3.objects.keys()]).toEqual([`kept/here/${key}`])
    expect((await store.get(key)).equals(object)).toBe(true)
    await store.remove(key)
    await store.remove(key)
    await expect(store.get(key)).rejects.toMatchObject({ code: 'recording_object_missing' })
  })

  it('lists page by page, what begins so and nothing else', async () => {
    await using store = storeOf()
    const keys = Array.from({ length: 10 }, (_, n) => `ten_1/cal_1/rec_1-${n}-1.wav.sealed`)
    for (const one of [...keys, 'ten_1/cal_1/rec_2-0-1.wav.sealed', 'ten_2/cal_1/rec_1-0']) {
      await store.put(one, Buffer.from('x'))
    }
    expect(await store.list('ten_1/cal_1/rec_1-')).toEqual(keys)
    expect(await store.list('ten_9/')).toEqual([])
  })

  it.each([
    ['a wrong secret', { AWS_SECRET_ACCESS_KEY: 'wrong' }, {}],
    ['an unknown account', { AWS_ACCESS_KEY_ID: 'AKIA0000000000000000' }, {}],
    ['no session token', { AWS_SESSION_TOKEN: '' }, {}],
    ['no credentials', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }, {}],
    ['another region', {}, { region: 'eu-west-1' }],
    ['another bucket', {}, { bucket: 'somebody-elses' }],
  ])('with %s lets nobody in', async (_name, variables, settings) => {
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
    await using store = storeOf(settings)
    for (const ask of [() => store.put(key, object), () => store.get(key), () => store.ping()]) {
      await expect(ask()).rejects.toMatchObject({
        code: 'recording_store_denied',
        retryable: false,
        message: expect.not.stringContaining('wrong') as string,
      })
    }
    expect(s3.objects.size).toBe(0)
  })

  it.each([
    ['silence', () => undefined, 'recording_store_unreachable'],
    ['503', 503, 'recording_store_unreachable'],
    ['500', 500, 'recording_store_unreachable'],
    ['429', 429, 'recording_store_unreachable'],
    ['403 without a word', 403, 'recording_store_denied'],
    ['418', 418, 'recording_store_malformed'],
  ])('that answers with %s', async (name, how, code) => {
    await using store = storeOf({ timeoutMs: name === 'silence' ? UNANSWERED_MS : ANSWERED_MS })
    s3.misbehave((response) => {
      if (typeof how === 'number') response.writeHead(how).end()
      else how()
    })
    await expect(store.put(key, Buffer.from('x'))).rejects.toMatchObject({ code })
    await expect(store.get(key)).rejects.toMatchObject({ code })
  })

  it('that cuts an object short, or sends one without end, gives none', async () => {
    await using store = storeOf()
    s3.misbehave((response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half')
      setTimeout(() => response.destroy(), 20)
    })
    await expect(store.get(key)).rejects.toMatchObject({ code: 'recording_store_unreachable' })
    s3.misbehave((response) => response.writeHead(200, { 'content-length': '99999999' }).end('x'))
    await expect(store.get(key)).rejects.toMatchObject({ code: 'recording_store_malformed' })
    s3.misbehave((response) => response.writeHead(200).end('of no known length'))
    await expect(store.get(key)).rejects.toMatchObject({ code: 'recording_store_malformed' })
  })

  it('is unreachable where nothing listens, and asked again later it is back', async () => {
    const gone = await s3StandIn()
    await gone[Symbol.asyncDispose]()
    await using store = storeOf({ url: gone.url })
    await expect(store.ping()).rejects.toMatchObject({ code: 'recording_store_unreachable' })
    await using other = storeOf()
    s3.misbehave((response) => response.destroy())
    await expect(other.put(key, object)).rejects.toMatchObject({ retryable: true })
    s3.misbehave(null)
    await other.put(key, object)
    expect((await other.get(key)).equals(object)).toBe(true)
  })

  it.each(['', '/a', 'a/', '../a', 'a/../b', 'a//b', '.a', 'a b', 'a\0', 'é', 'a?b'])(
    'is never asked for the key %j',
    async (bad) => {
      await using store = storeOf()
      await expect(store.put(bad, object)).rejects.toThrow(TypeError)
      await expect(store.get(bad)).rejects.toThrow(TypeError)
      await expect(store.remove(bad)).rejects.toThrow(TypeError)
      expect(s3.asked).toEqual([])
    },
  )
})
