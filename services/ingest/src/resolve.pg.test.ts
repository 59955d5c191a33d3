import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mediaUrl } from './resolve.ts'
import { createFixture, type Fixture, type SeededPhone } from './testing/fixture.ts'
import { dial, mediaTexts, pcmOf, startText, stopText } from './testing/wire-client.ts'

let fixture: Fixture
let ingest: Awaited<ReturnType<Fixture['start']>>
let phone: SeededPhone
beforeAll(async () => {
  fixture = await createFixture()
  ingest = await fixture.start()
  phone = await fixture.seedPhone()
})
afterAll(() => fixture[Symbol.asyncDispose]())

const resolveUrl = (token: string) => `${ingest.http}/v1/ingest/resolve/${token}`

/** The token of the answer; the address must be on the public origin. */
async function tokenOf(response: Response): Promise<string> {
  expect(response.status).toBe(200)
  const body = (await response.json()) as { url: string }
  expect(Object.keys(body)).toEqual(['url'])
  const match = /^wss:\/\/callwire\.example\/base\/v1\/ingest\/t\/([\w-]{32})$/.exec(body.url)
  return match?.[1] ?? ''
}

async function play(token: string, callSid: string) {
  const client = await dial(`${ingest.url}/t/${token}`)
  client.send(startText({ callSid }), ...mediaTexts(pcmOf(5)), stopText())
  expect(await client.closed).toEqual({ code: 1000, reason: 'stop' })
}

describe('the dynamic endpoint', () => {
  test('gives a token for the call that CallSid names, by query, form, multipart and JSON', async () => {
    const asked = [
      (url: string, sid: string) =>
        fetch(`${url}?CallSid=${sid}&CallFrom=09876543210&Direction=outbound-dial&CustomField=`),
      (url: string, sid: string) =>
        fetch(url, { method: 'POST', body: new URLSearchParams({ CallSid: sid }) }),
      (url: string, sid: string) => {
        const form = new FormData()
        form.set('CallSid', sid)
        return fetch(url, { method: 'POST', body: form })
      },
      (url: string, sid: string) =>
        fetch(url, {
          method: 'POST',
          body: JSON.stringify({ CallSid: sid }),
          headers: { 'content-type': 'application/json' },
        }),
    ]
    for (const [i, ask] of asked.entries()) {
      const sid = `resolved-${i}`
      const call = await fixture.seedCall(phone, { sid })
      await play(await tokenOf(await ask(resolveUrl(phone.phoneToken), sid)), sid)
      await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended')
    }
  })

  test('finds a call by our id in CustomField while its sid is not known yet', async () => {
    const call = await fixture.seedCall(phone)
    const query = new URLSearchParams({ CallSid: 'not-yet', CustomField: call.callId })
    const response = await fetch(`${resolveUrl(phone.phoneToken)}?${query.toString()}`)
    await play(await tokenOf(response), 'not-yet')
    await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended')
  })

  test('an unknown call gets a token for an inbound one on that phone, once', async () => {
    const own = await fixture.seedPhone()
    const token = await tokenOf(await fetch(`${resolveUrl(own.phoneToken)}?CallSid=new-one`))
    await play(token, 'new-one')
    const [call] = await fixture.callsOf(own.tenantId)
    expect(call).toMatchObject({ direction: 'inbound', phoneId: own.phoneId, sid: 'new-one' })
    await expect(dial(`${ingest.url}/t/${token}`)).rejects.toThrow('refused 401')
  })

  test.each([
    ["another tenant's", () => fixture.seedPhone()],
    ["the tenant's other phone's", () => fixture.addPhone(phone.tenantId)],
  ])('%s CallSid gives no access to its call', async (_name, otherPhone) => {
    const other = await otherPhone()
    const sid = `of-${other.phoneId}`
    const theirs = await fixture.seedCall(other, { sid })
    const token = await tokenOf(await fetch(`${resolveUrl(phone.phoneToken)}?CallSid=${sid}`))
    const client = await dial(`${ingest.url}/t/${token}`)
    client.send(startText({ callSid: sid }))
    expect((await client.closed).code).toBe(1008)
    expect(await fixture.streamsOf(other.tenantId, theirs.callId)).toEqual([])
  })

  test('an unknown token is 404, odd bodies are no fault', async () => {
    for (const token of ['x'.repeat(32), 'short', '%00', 'a'.repeat(190)]) {
      expect((await fetch(resolveUrl(token))).status).toBe(404)
    }
    const odd = await fetch(resolveUrl(phone.phoneToken), {
      method: 'POST',
      body: 'whatever',
      headers: { 'content-type': 'text/weird' },
    })
    await tokenOf(odd)
    const huge = await fetch(resolveUrl(phone.phoneToken), {
      method: 'POST',
      body: new URLSearchParams({ CallSid: 'x'.repeat(100_000) }),
    })
    expect(huge.status).toBe(413)
  })
})

test('the address follows the public origin', () => {
  expect(mediaUrl('http://127.0.0.1:8080', 't')).toBe('ws://127.0.0.1:8080/v1/ingest/t/t')
  expect(mediaUrl('HTTPS://x.example/', 't')).toBe('wss://x.example/v1/ingest/t/t')
})

test('answers a client that merely offers another protocol', async () => {
  const request = httpRequest(resolveUrl(phone.phoneToken), {
    headers: { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'x' },
  })
  request.end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.resume()
  expect(response.statusCode).toBe(200)
})
