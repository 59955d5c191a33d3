import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { cliRun } from '../testing/cli-run.ts'

let asked: { key: string; body: unknown }[]
let answer: (response: ServerResponse) => void
const server = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk: Buffer) => (body += chunk.toString()))
  request.on('end', () => {
    asked.push({ key: String(request.headers['idempotency-key']), body: JSON.parse(body) })
    answer(response)
  })
})
let env: Record<string, string>
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  env = { CALLWIRE_URL: `http://127.0.0.1:${String(port)}`, CALLWIRE_API_KEY: 'cw_key' }
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})
beforeEach(() => {
  asked = []
  answer = says(202, { success: true, data: { call: { id: 'cal_1', status: 'queued' } } })
})

const says =
  (status: number, body: object, headers = {}) =>
  (response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  }
const refuses = (status: number, code: string, headers = {}) =>
  says(status, { success: false, error: { code, message: 'No.', requestId: 'r' } }, headers)
const place = (args: string[] = [], signal?: AbortSignal) =>
  cliRun(
    ['calls', 'place', '--phone', 'phn_1', '--to', '09876543210', ...args],
    env,
    signal === undefined ? {} : { signal },
  )

test('sends what it was given', async () => {
  const { code, out } = await place([
    ...['--at', '2026-01-05T10:00:00Z', '--priority', '9', '--record', '--time-limit', '60'],
    ...['--metadata', 'lead=42', '--metadata', 'note=a=b, c', '--metadata', 'empty='],
    ...['--allow-concurrent', '--idempotency-key', 'lead-42'],
  ])
  expect([code, out]).toEqual([0, 'call cal_1 queued\nfollow it: callwire calls tail cal_1\n'])
  expect(asked).toEqual([
    {
      key: 'lead-42',
      body: {
        ...{ phoneId: 'phn_1', to: '09876543210', scheduleAt: '2026-01-05T10:00:00Z' },
        ...{ priority: 9, record: true, timeLimit: 60, allowConcurrent: true },
        metadata: { lead: '42', note: 'a=b, c', empty: '' },
      },
    },
  ])
})

test.each([
  [['--metadata', 'lead'], 'It must look like key=value.'],
  [['--metadata', '=42'], 'It must look like key=value.'],
  [['--metadata', 'a=1', '--metadata', 'a=2'], 'Its key was given before.'],
])('%j is wrong usage', async (args, sentence) => {
  const { code, err } = await place(args)
  expect([code, err]).toEqual([2, expect.stringContaining(sentence)])
  expect(asked).toEqual([])
})

test('its help names all of them', async () => {
  const { out } = await place(['--help'])
  for (const option of ['--metadata <key=value>', '--allow-concurrent', '--idempotency-key <key>'])
    expect(out).toContain(option)
})

describe('the key it made', () => {
  test.each([
    ['is away', () => refuses(503, 'unavailable', { 'retry-after': '0' })],
    ['is still at it', () => refuses(409, 'idempotency_in_progress', { 'retry-after': '0' })],
    ['has a fault', () => refuses(500, 'internal')],
    ['answers nonsense', () => says(200, {})],
    ['hangs up', () => (response: ServerResponse) => response.destroy()],
  ])('is shown when the gateway %s, and repeats the request', async (_, failing) => {
    answer = failing()
    const { code, out, err } = await place()
    const [{ key } = { key: 'none' }] = asked
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain(`The same command with --idempotency-key ${key} places it only if`)
    expect(new Set(asked.map((one) => one.key))).toEqual(new Set([key]))
    const json = JSON.parse((await place(['--json', '--idempotency-key', key])).err) as unknown
    expect(json).toMatchObject({ error: { details: { idempotencyKey: key } } })
    expect(asked.at(-1)?.key).toBe(key)
  })

  test('is shown when the command is stopped before there is an answer', async () => {
    const stop = new AbortController()
    answer = () => stop.abort()
    const { code, err } = await place([], stop.signal)
    expect([code, err]).toEqual([1, expect.stringContaining(`--idempotency-key ${asked[0]?.key}`)])
  })

  test('is another one each time, and not shown with a refusal', async () => {
    await place()
    answer = refuses(422, 'never_call')
    expect(await place()).toEqual({
      code: 1,
      out: '',
      err: 'callwire: No. (never_call, request r)\n',
    })
    const [first, second] = asked
    expect(first?.key).toMatch(/^[0-9a-f-]{36}$/)
    expect(second?.key).not.toBe(first?.key)
  })
})
