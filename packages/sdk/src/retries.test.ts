import { describe, expect, test } from 'vitest'
import { createClient, type Client } from './client.ts'
import { CallwireError } from './error.ts'

type Step = 'lost' | number

/** A client whose requests end one after the other as told; gives the Idempotency-Keys they had. */
function clientOf(...steps: Step[]): { client: Client; keys: (string | null)[] } {
  const keys: (string | null)[] = []
  const client = createClient({
    baseUrl: 'https://calls.example',
    token: 'cw_key',
    fetch: (_input, init) => {
      keys.push(new Headers(init?.headers).get('idempotency-key'))
      const step = steps.shift() ?? 200
      if (step === 'lost') return Promise.reject(new TypeError('secret.host refused'))
      if (step < 300) return Promise.resolve(Response.json({ success: true, data: { call: {} } }))
      const code = { 409: 'idempotency_in_progress', 503: 'unavailable', 400: 'validation_failed' }[
        step
      ]
      const failure = { success: false, error: { code, message: 'No.', requestId: 'r' } }
      return Promise.resolve(
        code === undefined
          ? new Response('<html>Bad gateway</html>', { status: step })
          : Response.json(failure, { status: step, headers: { 'retry-after': '0' } }),
      )
    },
  })
  return { client, keys }
}

const place = (client: Client, o: { idempotencyKey?: string } = {}) =>
  client.calls.place({ phoneId: 'phn_1', to: '+919876543210' }, o)

describe('a call is placed once, however often it is asked for', () => {
  test.each<[string, Step[]]>([
    ['no answer came', ['lost']],
    ['a proxy said that nobody is there', [502]],
    ['the gateway is away', [503]],
    ['the first request is running still', ['lost', 409]],
  ])('when %s it is asked for again with the same key', async (_name, steps) => {
    const { client, keys } = clientOf(...steps, 202)
    await place(client)
    expect(keys).toHaveLength(steps.length + 1)
    expect(new Set(keys).size).toBe(1)
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('two calls have two keys, and one that is given is used', async () => {
    const { client, keys } = clientOf()
    await place(client)
    await place(client)
    await place(client, { idempotencyKey: 'lead-42' })
    expect(new Set(keys).size).toBe(3)
    expect(keys[2]).toBe('lead-42')
  })

  test('three tries are all', async () => {
    const { client, keys } = clientOf('lost', 'lost', 'lost', 202)
    const failed: unknown = await place(client).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(CallwireError)
    expect(failed).toMatchObject({ code: 'network', status: 0 })
    expect(String(failed)).not.toContain('secret.host')
    expect(keys).toHaveLength(3)
  })

  test('a refusal is final', async () => {
    const { client, keys } = clientOf(400)
    await expect(place(client)).rejects.toMatchObject({ code: 'validation_failed' })
    expect(keys).toHaveLength(1)
  })
})

test('what would count twice is not sent twice', async () => {
  const { client, keys } = clientOf('lost')
  await expect(client.calls.cancel('cal_1')).rejects.toMatchObject({ code: 'network' })
  expect(keys).toEqual([null])
})

test('a rule is the same when it is set twice', async () => {
  const { client, keys } = clientOf('lost', 200)
  await client.settings.update({ dialingPaused: true })
  expect(keys).toHaveLength(2)
})
