import { FormData } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { account, startWorld, until, type World } from './testing/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const connectPath = `/v1/Accounts/${account.sid}/Calls/connect.json`
const error = (status: number, message: string) => ({
  RestException: { Status: status, Message: message },
})
const placed = () => world.simulator.exchange.list().length

describe('who may ask', () => {
  it.each([
    ['a wrong token', () => world.basic('key-1', 'wrong')],
    ['a wrong key', () => world.basic('wrong', 'token-1')],
    ['no credentials', () => ({})],
    ['Bearer', () => ({ authorization: 'Bearer token-1' })],
  ])('%s is 401', async (_name, headers) => {
    const reply = await world.send('GET', `/v1/Accounts/${account.sid}/Calls.json`, {
      headers: headers(),
    })
    expect(reply.status).toBe(401)
    expect(JSON.parse(reply.text)).toEqual(error(401, 'Authorization failed'))
  })
  it('is 401 for an account that is not there, in XML where XML was asked for', async () => {
    const reply = await world.send('POST', '/v1/Accounts/nobody/Calls/connect', {
      headers: world.basic(),
    })
    expect(reply.status).toBe(401)
    expect(reply.headers['content-type']).toContain('xml')
    expect(reply.text).toMatch(/<RestException>\s*<Status>401</)
  })
})

describe('placing calls', () => {
  it('answers in JSON or XML, and rings', async () => {
    const json = await world.connect(world.streamFields())
    expect(json.status).toBe(200)
    expect(JSON.parse(json.text)).toMatchObject({
      Call: { Status: 'in-progress', From: '09876543210' },
    })
    expect(json.headers['x-simulator']).toContain('not Exotel')
    const xml = await world.connect(world.streamFields(), 'Calls/connect')
    expect(xml.headers['content-type']).toContain('xml')
    expect(xml.text).toMatch(/<TwilioResponse>\s*<Call>\s*<Sid>[0-9a-z]{32}<\/Sid>/)
  })
  it('takes multipart forms', async () => {
    const form = new FormData()
    for (const [name, value] of Object.entries(world.streamFields())) form.append(name, value)
    const reply = await world.send('POST', connectPath, { headers: world.basic(), body: form })
    expect(reply.status).toBe(200)
  })
  it.each([
    ['application/json', '{"From":"+919876543210"}', 'Invalid content type, expected form data'],
    ['text/plain', 'From=1', 'Invalid content type, expected form data'],
    ['multipart/form-data; boundary=x', 'nonsense', 'Malformed request body'],
    ['application/x-www-form-urlencoded', 'From=12', 'Invalid parameter: From'],
    ['application/x-www-form-urlencoded', '', 'Mandatory Parameter missing: From'],
  ])('refuses %s %j and places nothing', async (type, body, message) => {
    const before = placed()
    const headers = { ...world.basic(), 'content-type': type }
    const reply = await world.send('POST', connectPath, { headers, body })
    expect([reply.status, JSON.parse(reply.text)]).toEqual([400, error(400, message)])
    expect(placed()).toBe(before)
  })
  it('refuses a number that is not the account’s own', async () => {
    const reply = await world.connect(world.streamFields({ CallerId: '+918000000000' }))
    expect(reply.status).toBe(400)
  })
})

describe('reading calls', () => {
  it('gives one call, its details, its v3 twin, and only to its account', async () => {
    const sid = world.sidOf(await world.connect(world.streamFields({ CustomField: 'cal_9' })))
    await until(() => world.simulator.exchange.get(sid)?.status === 'completed')
    const call = await world.read(`/v1/Accounts/acme1/Calls/${sid}.json?details=true`)
    expect(JSON.parse(call.text)).toMatchObject({
      Call: { Sid: sid, Status: 'completed', Duration: '0', Details: { Leg1Status: 'completed' } },
    })
    expect(call.text).not.toContain('cal_9')
    expect((await world.read(`/v1/Accounts/acme1/Calls/${sid}`)).text).toContain(
      `<Sid>${sid}</Sid>`,
    )
    const v3 = await world.read(`/v3/accounts/acme1/calls/${sid}`)
    expect(JSON.parse(v3.text)).toMatchObject({
      ...{
        http_code: 200,
        response: { call_details: { sid, custom_field: 'cal_9', state: 'terminal' } },
      },
    })
    await world.control('accounts', { ...account, sid: 'other1' })
    expect((await world.read(`/v1/Accounts/other1/Calls/${sid}.json`)).status).toBe(404)
    expect((await world.read(`/v3/accounts/other1/calls/${sid}`)).status).toBe(404)
  })
  it('v3 refuses in its own envelope', async () => {
    const reply = await world.send('GET', '/v3/accounts/acme1/calls/x', {
      headers: world.basic('a', 'b'),
    })
    expect(JSON.parse(reply.text)).toMatchObject({
      ...{ http_code: 401, response: { status: 'failure', error_data: { code: 1010 } } },
    })
  })
  it('lists calls, with links that lead on', async () => {
    for (let n = 0; n < 3; n += 1)
      await world.connect(world.streamFields({ From: '+919000000001' }))
    const path = '/v1/Accounts/acme1/Calls.json?From=%2B919000000001&PageSize=2'
    const first: unknown = JSON.parse((await world.read(path)).text)
    expect(first).toMatchObject({ Metadata: { Total: 3, PageSize: 2, PrevPageUri: null } })
    const { Calls, Metadata } = first as { Calls: unknown[]; Metadata: { NextPageUri: string } }
    expect(Calls).toHaveLength(2)
    const second: unknown = JSON.parse((await world.read(Metadata.NextPageUri)).text)
    expect(second).toMatchObject({
      Calls: [{ From: '09000000001' }],
      Metadata: { NextPageUri: null },
    })
    expect((await world.read('/v1/Accounts/acme1/Calls.json?PageSize=500')).status).toBe(400)
  })
  it('counts streams', async () => {
    const reply = await world.read('/v1/Accounts/acme1/ActiveStreams')
    expect(reply.text).toMatch(/<ActiveStreamCount>\d+<\/ActiveStreamCount>\s*<ThrottleLimit>100</)
  })
  it('knows no other paths', async () => {
    const reply = await world.read('/v1/Accounts/acme1/Nonsense')
    expect([reply.status, JSON.parse(reply.text)]).toEqual([404, error(404, 'Resource not found')])
  })
})

describe('the limit', () => {
  it('is the account’s own, GETs included, without Retry-After unless asked for', async () => {
    const list = (sid: string) => world.read(`/v1/Accounts/${sid}/Calls.json`)
    await world.control('accounts', { ...account, sid: 'small1', requestsPerMinute: 2 })
    await world.control('accounts', {
      ...account,
      sid: 'small2',
      requestsPerMinute: 1,
      retryAfterSeconds: 7,
    })
    expect([(await list('small1')).status, (await list('small1')).status]).toEqual([200, 200])
    const refused = await list('small1')
    expect([refused.status, JSON.parse(refused.text)]).toEqual([
      429,
      error(429, 'Too many requests'),
    ])
    expect(refused.headers['retry-after']).toBeUndefined()
    await list('small2')
    expect((await list('small2')).headers['retry-after']).toBe('7')
  })
})
