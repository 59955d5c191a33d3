import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { account } from '../../testing/fixtures.ts'
import {
  gatewayUnderTest,
  textAt,
  type GatewayUnderTest,
} from '../../testing/gateway-under-test.ts'

let gw: GatewayUnderTest
let agentId: string

const send = (method: 'GET' | 'POST', url: string, body?: object, token = gw.tenant.apiKey) =>
  gw.send({ method, url: `/api/v1${url}`, token, ...(body === undefined ? {} : { body }) })

beforeAll(async () => {
  gw = await gatewayUnderTest()
  const agent = await send('POST', '/agents', { name: 'Bot', kind: 'stream' })
  agentId = textAt(agent, 'agent.id')
  await add({ number: '08047300001', country: 'IN', tags: ['sales', 'north'] })
  await add({ number: '+918047300002', country: 'IN', exotelConfig: account, agentId })
  await add({ number: '6123 4567', country: 'SG', tags: ['sales'] })
  const other = { ...account, sid: 'acme2' }
  await add({ number: '+918047300004', country: 'IN', exotelConfig: other, tags: ['north'] })
  // Another tenant's phone of the same number, which no list of ours may tell of.
  const theirs = { number: '+918047300001', country: 'IN', tags: ['sales'], exotelConfig: account }
  expect((await send('POST', '/phones', theirs, gw.stranger.apiKey)).status).toBe(201)
})
afterAll(() => gw[Symbol.asyncDispose]())

async function add(body: object): Promise<void> {
  expect((await send('POST', '/phones', body)).status).toBe(201)
}

type Page = { data: { phones: { number: string }[]; nextCursor: string | null } }

async function list(query: string) {
  const answer = await send('GET', `/phones${query}`)
  expect([query, answer.status, answer.text]).toEqual([query, 200, answer.text])
  const { phones, nextCursor } = (answer.json as Page).data
  return { numbers: phones.map(({ number }) => number), nextCursor }
}

const [one, two, three, four] = [
  '+918047300001',
  '+918047300002',
  '+6561234567',
  '+918047300004',
] as const

describe('the list of phones', () => {
  it.each<[query: string, numbers: string[]]>([
    ['', [four, three, two, one]],
    ['?number=%2B918047300001', [one]],
    ['?number=+918047300001', [one]],
    ['?number=%2B91+80473-00001', [one]],
    ['?number=08047300001&country=IN', [one]],
    ['?number=8047300001&country=IN', [one]],
    ['?number=61234567&country=SG', [three]],
    ['?number=%2B918047300001&country=SG', []],
    ['?number=%2B918047399999', []],
    ['?tag=sales', [three, one]],
    ['?tag=north', [four, one]],
    ['?tag=Sales', []],
    ['?tag=sales&country=IN', [one]],
    ['?country=SG', [three]],
    ['?sid=acme1', [two]],
    ['?sid=acme2&tag=north', [four]],
    ['?hasCredentials=true', [four, two]],
    ['?hasCredentials=false', [three, one]],
    ['?hasCredentials=false&sid=acme1', []],
    ['?breaker=open', []],
    ['?breaker=closed&tag=sales', [three, one]],
  ])('%s', async (query, numbers) => {
    expect((await list(query)).numbers).toEqual(numbers)
  })

  it('finds by agent, and tells nothing of an agent of somebody else', async () => {
    expect((await list(`?agentId=${agentId}`)).numbers).toEqual([two])
    const body = { name: 'Bot', kind: 'stream' }
    const theirs = textAt(await send('POST', '/agents', body, gw.stranger.apiKey), 'agent.id')
    expect((await list(`?agentId=${theirs}`)).numbers).toEqual([])
  })

  it.each([
    '?number=08047300001',
    '?number=abc&country=IN',
    '?number=%2B91',
    '?country=in',
    '?country=XX',
    '?agentId=phn_x',
    '?sid=../x',
    '?hasCredentials=yes',
    '?hasCredentials=',
    '?tag=',
    '?tag=a&tag=b',
    '?unknown=1',
    '?limit=0',
    '?limit=101',
    '?cursor=x',
  ])('refuses %s', async (query) => {
    const answer = await send('GET', `/phones${query}`)
    const field = /^\?(\w+)/.exec(query)?.[1] ?? ''
    expect([answer.status, answer.text]).toEqual([
      400,
      expect.stringContaining(`"path":"query.${field}"`),
    ])
  })

  it('goes on where a page ended, whatever is imported or deleted meanwhile', async () => {
    const first = await list('?country=IN&limit=1')
    expect(first.numbers).toEqual([four])
    const late = await send('POST', '/phones', { number: '+918047300005', country: 'IN' })
    const second = await list(`?country=IN&limit=1&cursor=${first.nextCursor ?? ''}`)
    expect(second.numbers).toEqual([two])
    await gw.send({
      method: 'DELETE',
      url: `/api/v1/phones/${textAt(late, 'phone.id')}`,
      token: gw.tenant.apiKey,
    })
    const third = await list(`?country=IN&limit=1&cursor=${second.nextCursor ?? ''}`)
    expect(third).toEqual({ numbers: [one], nextCursor: null })
  })
})
