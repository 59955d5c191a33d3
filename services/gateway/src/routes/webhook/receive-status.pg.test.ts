import { Readable } from 'node:stream'
import { macToken, openContent, parseContentRing, parseMacRing } from '@callwire/crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rowsOf } from '../../testing/database-rows.ts'
import { fixturesOf, type Fixtures } from '../../testing/fixtures.ts'
import { gatewayUnderTest, type GatewayUnderTest } from '../../testing/gateway-under-test.ts'

let gw: GatewayUnderTest
let own: Fixtures
beforeAll(async () => {
  gw = await gatewayUnderTest()
  own = await fixturesOf(gw, gw.tenant.apiKey)
})
afterAll(() => gw[Symbol.asyncDispose]())

const sign = (callId: string, ring = gw.keys.CALLBACK_KEYS) =>
  macToken(parseMacRing(ring), 'status-callback', callId)

const post = (type: string, payload: string, o: { callId?: string; signature?: string } = {}) => {
  const callId = o.callId ?? own.calls
  return gw.send({
    method: 'POST',
    url: `/api/v1/exotel/webhook/status/${callId}/${o.signature ?? sign(callId)}`,
    headers: { 'content-type': type },
    payload,
  })
}

/** Posts a form of so many KiB as a stream, whose length nobody knows beforehand. */
async function postInChunks(kib: number, o: { signature?: string } = {}): Promise<number> {
  function* chunks() {
    yield Buffer.from('CallSid=abc&RecordingUrl=')
    for (let i = 0; i < kib; i += 1) yield Buffer.alloc(1024, 'x')
  }
  const url = `${gw.origin}/api/v1/exotel/webhook/status/${own.calls}/${o.signature ?? sign(own.calls)}`
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': form },
    body: Readable.toWeb(Readable.from(chunks())) as ReadableStream,
    duplex: 'half',
  })
  return answer.status
}

const boundary = 'multipart/form-data; boundary=------------------------d74496d66958873e'
const part = (name: string, value: string) =>
  `--------------------------d74496d66958873e\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const end = '--------------------------d74496d66958873e--\r\n'
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
const form = 'application/x-www-form-urlencoded'

describe('a status callback', () => {
  it.each([
    ['multipart', boundary, `${part('CallSid', 'abc')}${part('Status', 'completed')}${end}`],
    ['a form', form, 'CallSid=abc&Status=completed'],
    ['JSON', 'application/json', '{"CallSid":"abc","Status":"completed"}'],
  ])('as %s is stored sealed and answered', async (_what, type, payload) => {
    const answer = await post(type, payload)
    expect([answer.status, answer.json]).toEqual([200, { success: true, data: { received: true } }])
    const row = (await rowsOf(gw.databaseUrl, 'callback_inbox')).at(-1)
    expect(row).toMatchObject({ call_id: own.calls, applied_at: null })
    const opened = openContent(
      parseContentRing(gw.keys.CONTENT_KEYS),
      {
        purpose: 'callback-body',
        tenantId: gw.tenant.tenantId,
        rowId: String(row?.['id']),
        field: 'body',
      },
      String(row?.['body_sealed']),
    )
    expect(JSON.parse(opened.toString())).toEqual({
      kind: 'status',
      contentType: type.split(';')[0],
      fields: { CallSid: 'abc', Status: 'completed' },
    })
  })

  it('that is not ours is 404, whatever is wrong with it', async () => {
    const unknown = own.calls.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
    const answers = [
      await post(form, 'Status=completed', { signature: 'wrong' }),
      await post(form, 'Status=completed', { signature: sign(unknown) }),
      await post(form, 'Status=completed', { callId: unknown }),
      await post(form, 'Status=completed', { callId: 'nothing' }),
      await post(form, 'Status=completed', { callId: 'x'.repeat(300) }),
      await post(form, 'Status=completed', { signature: 'x'.repeat(511) }),
      await post(form, 'Status=completed', { signature: 'x'.repeat(600) }),
      await post(form, 'Status=completed', { signature: sign(own.calls, gw.keys.EDGE_KEYS) }),
      await post('text/xml', 'x'.repeat(300 * 1024), { signature: 'wrong' }),
    ]
    for (const answer of answers) {
      expect([answer.status, answer.json]).toMatchObject([404, { error: { code: 'not_found' } }])
    }
  })

  it.each([
    ['over 256 KiB', form, `RecordingUrl=${'x'.repeat(256 * 1024)}`, 413],
    ['just below', form, `RecordingUrl=${'x'.repeat(255 * 1024)}`, 200],
    ['over 256 KiB in parts', boundary, `${part('a', 'x'.repeat(256 * 1024))}${end}`, 413],
    // Which of two is meant is for whoever applies it: refused, the end of the call would be lost.
    ['with a field that comes twice', form, 'CallSid=a&Status=ringing&Status=failed', 200],
    ['with two Sids', form, 'CallSid=a&CallSid=b&Status=failed', 200],
    ['of another type', 'text/xml', '<Status/>', 200],
    ['of a type that is none', 'nothing', 'CallSid=a&Status=failed', 200],
    ['of JSON as text', 'text/plain', '{"CallSid":"a"}', 200],
    ['of JSON as text/json', 'text/json', '{"CallSid":"a"}', 200],
    ['of JSON as bytes', 'application/octet-stream', '{"CallSid":"a"}', 200],
    ['of broken JSON', 'application/json', '{', 400],
    ['of broken JSON as text', 'text/plain', '{', 400],
    ['of JSON without an end to it', 'application/json', `{"a":${nested(6_000)}}`, 400],
    ['of parts cut short', boundary, part('CallSid', 'a'), 400],
  ])('%s', async (_what, type, payload, status) => {
    const before = (await rowsOf(gw.databaseUrl, 'callback_inbox')).length
    expect((await post(type, payload)).status).toBe(status)
    const stored = (await rowsOf(gw.databaseUrl, 'callback_inbox')).length - before
    expect(stored).toBe(status === 200 ? 1 : 0)
  })

  it.each([
    ['with the right signature', 413, {}],
    ['with a wrong one', 404, { signature: 'wrong' }],
  ])('in chunks without a length, over 256 KiB, %s', async (_what, status, o) => {
    const before = (await rowsOf(gw.databaseUrl, 'callback_inbox')).length
    expect(await postInChunks(300, o)).toBe(status)
    expect(await rowsOf(gw.databaseUrl, 'callback_inbox')).toHaveLength(before)
  })

  it('in chunks is taken like any other', async () => {
    expect(await postInChunks(100)).toBe(200)
  })

  it('is stored also when Redis is away', async () => {
    await gw.redis.kill()
    expect((await post(form, 'CallSid=abc&Status=busy')).status).toBe(200)
    await gw.redis.restart()
  })
})
