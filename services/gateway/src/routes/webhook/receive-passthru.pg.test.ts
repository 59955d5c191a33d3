import { openContent, parseContentRing } from '@callwire/crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { changeRow, rowsOf } from '../../testing/database-rows.ts'
import { account } from '../../testing/fixtures.ts'
import {
  gatewayUnderTest,
  textAt,
  type GatewayUnderTest,
} from '../../testing/gateway-under-test.ts'

let gw: GatewayUnderTest
beforeAll(async () => {
  gw = await gatewayUnderTest()
})
afterAll(() => gw[Symbol.asyncDispose]())

let counter = 0

/** A phone with a flow, the path its applet asks, and how calls are queued on it. */
async function phoneWithFlow() {
  counter += 1
  const post = (url: string, body?: object) =>
    gw.send({
      method: 'POST',
      url: `/api/v1${url}`,
      token: gw.tenant.apiKey,
      headers: { 'idempotency-key': `passthru-${counter}-${(keys += 1)}` },
      ...(body === undefined ? {} : { body }),
    })
  const agentId = textAt(
    await post('/agents', { name: 'F', kind: 'flow', appId: '42' }),
    'agent.id',
  )
  const number = `+9180475${10_000 + counter}`
  const phone = await post('/phones', { number, country: 'IN', exotelConfig: account, agentId })
  const phoneId = textAt(phone, 'phone.id')
  const made = await post(`/phones/${phoneId}/ingest-credentials`)
  const { pathname } = new URL(textAt(made, 'ingestCredentials.passthruUrl'))
  const addCall = async (to: string, row: Record<string, unknown> = {}) => {
    const callId = textAt(await post('/calls', { phoneId, to, allowConcurrent: true }), 'call.id')
    await changeRow(gw.databaseUrl, 'calls', callId, { status: 'dialing', ...row })
    return callId
  }
  return { pathname, number, addCall }
}
let keys = 0

/** A query that is text already goes as it is: it may be as long as the server takes one. */
const ask = (pathname: string, fields: Record<string, string> | string) => {
  const query = typeof fields === 'string' ? fields : new URLSearchParams(fields).toString()
  return gw.send({ method: 'GET', url: `${pathname}?${query}` })
}

const inbox = () => rowsOf(gw.databaseUrl, 'callback_inbox')
let before = 0
beforeEach(async () => {
  before = (await inbox()).length
})
const stored = async () => (await inbox()).slice(before)

const person = '+919876543210'
const asked = {
  CallSid: 'sid1',
  CallFrom: '09876543210',
  CallTo: '08047112233',
  Direction: 'outbound-dial',
  digits: '"8"',
}

describe("a flow's applet", () => {
  it.each<[string, (callId: string) => Record<string, string>, Record<string, unknown>]>([
    ['by the id it carries', (callId) => ({ CallSid: 'new', CustomField: callId }), {}],
    [
      'by the id in a text of ours',
      (callId) => ({ CallSid: 'new', CustomField: JSON.stringify({ callId }) }),
      {},
    ],
    ['by its Sid', () => ({ CallSid: 'known' }), { sid: 'known', status: 'in-progress' }],
    ['by the person alone', () => asked, {}],
    ['by the person, as Exotel writes it elsewhere', () => ({ CallSid: 'n', To: person }), {}],
    ['by the person, while its outcome is unknown', () => asked, { status: 'unknown' }],
  ])('finds its call %s', async (_how, fields, row) => {
    const phone = await phoneWithFlow()
    const callId = await phone.addCall(person, row)
    const answer = await ask(phone.pathname, fields(callId))
    expect([answer.status, answer.json]).toEqual([200, { success: true, data: { received: true } }])
    expect(await stored()).toMatchObject([{ call_id: callId, applied_at: null }])
  })

  it('is stored sealed, without the address of the media socket', async () => {
    const phone = await phoneWithFlow()
    await phone.addCall(person)
    const url = 'wss://KEY:TOKEN@calls.example/v1/ingest'
    await ask(phone.pathname, { ...asked, 'Stream[Status]': 'failed', 'Stream[StreamUrl]': url })
    const [row] = await stored()
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
      kind: 'passthru',
      contentType: 'query',
      fields: { ...asked, 'Stream[Status]': 'failed' },
    })
  })

  it.each<[string, Record<string, string>, ...Record<string, unknown>[]]>([
    ['nobody', asked],
    ['two calls to the same person', asked, {}, {}],
    ['a call that waits to be dialed', asked, { status: 'queued' }],
    ['a call that ended', asked, { status: 'completed' }],
    ['a call with another Sid', asked, { sid: 'another' }],
    ['a call that came in', asked, { direction: 'inbound' }],
    ['somebody else', { ...asked, CallFrom: '09876543211' }, {}],
    ['no Sid', { CallFrom: '09876543210' }, {}],
    ['nothing', {}, {}],
  ])('that speaks of %s is answered, counted and not stored', async (_what, fields, ...rows) => {
    const phone = await phoneWithFlow()
    for (const row of rows) await phone.addCall(person, row)
    expect((await ask(phone.pathname, fields)).status).toBe(200)
    expect(await stored()).toEqual([])
  })

  it('cannot speak of a call of another phone', async () => {
    const [mine, other] = [await phoneWithFlow(), await phoneWithFlow()]
    const callId = await other.addCall(person, { sid: 'theirs', status: 'in-progress' })
    expect((await ask(mine.pathname, { CallSid: 'theirs', CustomField: callId })).status).toBe(200)
    expect(await stored()).toEqual([])
  })

  it('of an unknown phone is 404, whatever it says', async () => {
    const phone = await phoneWithFlow()
    const callId = await phone.addCall(person)
    const base = '/api/v1/exotel/webhook/passthru/'
    for (const token of ['x', 'x'.repeat(43), 'x'.repeat(500), encodeURIComponent('../status')]) {
      const answer = await ask(`${base}${token}`, { ...asked, CustomField: callId })
      expect([answer.status, answer.json]).toMatchObject([404, { error: { code: 'not_found' } }])
    }
    expect(await stored()).toEqual([])
  })

  it('that says a field twice, or strange ones, is read all the same', async () => {
    const phone = await phoneWithFlow()
    await phone.addCall(person)
    const answer = await ask(phone.pathname, 'CallSid=a&CallSid=b&__proto__=x&CallFrom=09876543210')
    expect(answer.status).toBe(200)
    expect(await stored()).toHaveLength(1)
  })

  it('that nests deeper than any is read all the same', async () => {
    const phone = await phoneWithFlow()
    await phone.addCall(person)
    const Stream = `{"a":${'['.repeat(5_500)}${']'.repeat(5_500)}}`
    const query = `CallSid=a&CallFrom=09876543210&Stream=${Stream}`
    expect((await ask(phone.pathname, query)).status).toBe(200)
    expect(await stored()).toHaveLength(1)
  })

  it('is taken also when Redis is away', async () => {
    const phone = await phoneWithFlow()
    await phone.addCall(person)
    await gw.redis.kill()
    expect((await ask(phone.pathname, asked)).status).toBe(200)
    expect(await stored()).toHaveLength(1)
    await gw.redis.restart()
  })
})
