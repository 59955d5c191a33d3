import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rowsOf } from '../../testing/database-rows.ts'
import { account } from '../../testing/fixtures.ts'
import {
  gatewayUnderTest,
  textAt,
  type Answer,
  type GatewayUnderTest,
} from '../../testing/gateway-under-test.ts'
import { hostileHosts, hostileSids } from '../../testing/hostile-accounts.ts'

let gw: GatewayUnderTest
let phoneId: string
let before: unknown

const stored = async () => ({
  phones: await rowsOf(gw.databaseUrl, 'phones'),
  accounts: await rowsOf(gw.databaseUrl, 'phone_credentials'),
  audits: await rowsOf(gw.databaseUrl, 'audit_log'),
})

beforeAll(async () => {
  gw = await gatewayUnderTest()
  const body = { number: '+918047200000', country: 'IN', exotelConfig: account }
  phoneId = textAt(await send('POST', '', body), 'phone.id')
})
afterAll(() => gw[Symbol.asyncDispose]())
const send = (method: 'POST' | 'PUT', path: string, body: object) =>
  gw.send({ method, url: `/api/v1/phones${path}`, token: gw.tenant.apiKey, body })

/** The ways in by which an account can come to a phone, and where its fields stand in each. */
const doors = [
  {
    door: 'import',
    place: 'body.exotelConfig',
    enter: (exotelConfig: object) =>
      send('POST', '', { number: '+918047200001', country: 'IN', exotelConfig }),
  },
  {
    door: 're-import',
    place: 'body.exotelConfig',
    enter: (exotelConfig: object) =>
      send('POST', '', { number: '+918047200000', country: 'IN', exotelConfig }),
  },
  {
    door: 'PUT',
    place: 'body',
    enter: (config: object) => send('PUT', `/${phoneId}/credentials`, config),
  },
]

/** The paths that a refusal names. */
async function refusedAt(answer: Promise<Answer>): Promise<string[]> {
  const { status, json } = await answer
  expect([status, json]).toMatchObject([400, { error: { code: 'validation_failed' } }])
  expect(await stored()).toEqual(before)
  const { error } = json as { error: { details: { issues: { path: string }[] } } }
  return error.details.issues.map((issue) => issue.path)
}

describe.each(doors)('$door', ({ place, enter }) => {
  beforeAll(async () => {
    before = await stored()
  })

  it.each(hostileHosts)('refuses the host %j and stores nothing', async (subdomain) => {
    expect(await refusedAt(enter({ ...account, subdomain }))).toEqual([`${place}.subdomain`])
  })

  it.each(hostileSids)('refuses the sid %j and stores nothing', async (sid) => {
    expect(await refusedAt(enter({ ...account, sid }))).toEqual([`${place}.sid`])
  })

  it.each(['apiKey', 'apiToken', 'sid', 'subdomain'])('asks for a missing %s', async (field) => {
    const config = { ...account, [field]: undefined }
    expect(await refusedAt(enter(config))).toEqual([`${place}.${field}`])
  })

  it.each([
    ['apiKey', 'a\nb'],
    ['apiKey', 'a:b\r\nx: y'],
    ['apiToken', ''],
    ['apiToken', 'tökén'],
    ['apiToken', 'x'.repeat(257)],
    ['subdomain', ['api.exotel.com']],
    ['subdomain', { toString: 'api.exotel.com' }],
    ['sid', null],
  ])('refuses %s %j', async (field, value) => {
    expect(await refusedAt(enter({ ...account, [field]: value }))).toEqual([`${place}.${field}`])
  })

  it('takes what is allowed, letter for letter', async () => {
    for (const subdomain of ['api.exotel.com', '127.0.0.1:8099']) {
      const answer = await enter({ ...account, subdomain, sid: 'Acme-1_m' })
      expect(answer.status).toBeLessThan(300)
      expect(answer.json).toMatchObject({
        data: { phone: { exotelData: { sid: 'Acme-1_m', subdomain } } },
      })
    }
  })
})
