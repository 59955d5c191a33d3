import { expect, test } from 'vitest'
import { createClient, type Client } from './client.ts'

/** What a method asks for, as `METHOD path body`. */
async function askedBy(use: (client: Client) => Promise<unknown>): Promise<string> {
  const asked: string[] = []
  const client = createClient({
    baseUrl: 'https://calls.example',
    token: 'cw_key',
    fetch: (input, init) => {
      const { pathname, search } = new URL(input instanceof Request ? input.url : input)
      const body = typeof init?.body === 'string' ? ` ${init.body}` : ''
      asked.push(`${init?.method ?? ''} ${pathname}${search}${body}`)
      return Promise.resolve(Response.json({ success: true, data: {} }))
    },
  })
  await use(client)
  return asked.join('\n')
}

test.each<[string, (client: Client) => Promise<unknown>]>([
  ['GET /api/v1/keys/status', ({ keys }) => keys.status()],
  ['POST /api/v1/keys/introduce {"kid":"k2"}', ({ keys }) => keys.introduce('k2')],
  ['POST /api/v1/keys/promote {"kid":"k2"}', ({ keys }) => keys.promote('k2')],
  ['POST /api/v1/keys/retire {"kid":"k1"}', ({ keys }) => keys.retire('k1')],
  ['POST /api/v1/keys/rotate', ({ keys }) => keys.rotate()],
  ['GET /api/v1/keys/rotate', ({ keys }) => keys.rotation()],
  ['POST /api/v1/keys/rotate/pause', ({ keys }) => keys.pauseRotation()],
  ['POST /api/v1/keys/rotate/resume', ({ keys }) => keys.resumeRotation()],
  ['POST /api/v1/keys/verify', ({ keys }) => keys.verify()],
  ['GET /api/v1/keys/verify', ({ keys }) => keys.verification()],
  ['POST /api/v1/phones/phn_1/check', ({ phones }) => phones.check('phn_1')],
  ['POST /api/v1/phones/a%2Fb/breaker/reset', ({ phones }) => phones.resetBreaker('a/b')],
  [
    'GET /api/v1/phones?tag=sales&hasCredentials=false&limit=10',
    ({ phones }) => phones.list({ tag: 'sales', hasCredentials: 'false', limit: 10 }),
  ],
])('%s', async (asked, use) => {
  expect(await askedBy(use)).toBe(asked)
})
