import { permissions } from '@callwire/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Route } from '../http/route.ts'
import { account, fixturesOf, type Fixtures } from '../testing/fixtures.ts'
import {
  gatewayUnderTest,
  signIn,
  textAt,
  type GatewayUnderTest,
} from '../testing/gateway-under-test.ts'
import { rowCounts } from '../testing/database-rows.ts'
import { sampleOf, shapesOf, wrongValues, type Known } from '../testing/sample.ts'

let gw: GatewayUnderTest
let own: Fixtures
let others: Fixtures
let ownerToken: string
let oneTimeToken: string
const narrowKeys = new Map<string, string>()

beforeAll(async () => {
  gw = await gatewayUnderTest()
  own = await fixturesOf(gw, gw.tenant.apiKey)
  others = await fixturesOf(gw, gw.stranger.apiKey)
  ownerToken = await signIn(gw)
  const email = 'newcomer@example.com'
  const user = await gw.send({
    method: 'POST',
    url: '/api/v1/users',
    token: gw.tenant.apiKey,
    body: { email, role: 'admin' },
  })
  oneTimeToken = await signIn(gw, { email, password: textAt(user, 'user.password') })
  for (const missing of permissions) {
    const key = await gw.send({
      method: 'POST',
      url: '/api/v1/api-keys',
      token: gw.tenant.apiKey,
      body: { name: 'narrow', scopes: permissions.filter((scope) => scope !== missing) },
    })
    narrowKeys.set(missing, textAt(key, 'apiKey.secret'))
  }
})
afterAll(() => gw[Symbol.asyncDispose]())

/** Values that make a sample body pass its schema and, where it counts, the checks behind it. */
const known = (): Known => ({
  ...account,
  phoneId: own.phones,
  callId: own.calls,
  to: '+919876500000',
  number: '+918047100000',
  country: 'IN',
  email: 'somebody@example.com',
  newPassword: 'long enough to be taken',
  scopes: ['calls:read'],
  url: 'https://example.com/hook',
  deliveryId: `msg_${'0'.repeat(24)}`,
  since: new Date().toISOString(),
})

type Case = { name: string; route: Route; path: string }

function cases(): Case[] {
  return gw.gateway.routes.flatMap((route) =>
    route.paths.map((path) => ({ name: `${String(route.method)} ${path}`, route, path })),
  )
}

const each = async (check: (c: Case) => Promise<void>) => {
  const failures: string[] = []
  for (const c of cases()) {
    try {
      await check(c)
    } catch (error) {
      failures.push(`${c.name}: ${String(error).slice(0, 600)}`)
    }
  }
  expect(failures).toEqual([])
}

function urlOf(path: string, ids: Fixtures): string {
  const noun = path.split('/')[1] ?? ''
  if (!path.includes(':id')) return `/api/v1${path}`
  const id: unknown = Reflect.get(ids, noun)
  if (typeof id !== 'string') throw new Error(`no fixture for the noun ${noun}`)
  return `/api/v1${path.replace(':id', id)}`
}

function tokenFor(route: Route): { token?: string } {
  if (route.access === 'public') return {}
  return { token: route.access === 'session' ? ownerToken : gw.tenant.apiKey }
}

function bodyFor(route: Route): { body?: unknown } {
  const [shape] = route.schemas.body === null ? [] : shapesOf(route.schemas.body)
  return shape === undefined ? {} : { body: sampleOf(shape, known()) }
}

/** The query that a route cannot do without; empty for most. */
function queryFor(route: Route): string {
  const [shape] = shapesOf(route.schemas.query)
  const fields = Object.entries(shape === undefined ? {} : sampleOf(shape, known()))
  return fields.length === 0
    ? ''
    : `?${new URLSearchParams(fields.map(([name, value]): [string, string] => [name, String(value)])).toString()}`
}

const key = { 'idempotency-key': 'matrix' }

async function refused(
  c: Case,
  o: { token?: string; body?: unknown; url?: string; payload?: string; type?: string },
) {
  const answer = await gw.send({
    method: c.route.method,
    url: o.url ?? urlOf(c.path, own),
    headers: { ...key, ...(o.type === undefined ? {} : { 'content-type': o.type }) },
    ...(o.token === undefined ? {} : { token: o.token }),
    ...(o.body === undefined ? {} : { body: o.body }),
    ...(o.payload === undefined ? {} : { payload: o.payload }),
  })
  const { success, error } = answer.json as {
    success: boolean
    error: { code: string; requestId: string; details?: { issues: { path: string }[] } }
  }
  expect(success).toBe(false)
  expect(error.requestId).toMatch(/^req_/)
  return {
    outcome: `${answer.status} ${error.code}`,
    paths: error.details?.issues.map((issue) => issue.path) ?? [],
    text: answer.text,
  }
}

describe('every route', () => {
  it('refuses whoever brings no token, or a wrong one', async () => {
    await each(async (c) => {
      if (c.route.access === 'public') return
      for (const token of [
        undefined,
        'cw_wrong',
        `${gw.tenant.apiKey}x`,
        'a.b.c',
        ownerToken.slice(0, -2),
      ]) {
        const { outcome } = await refused(c, { ...bodyFor(c.route), ...(token && { token }) })
        expect(outcome).toBe('401 unauthenticated')
      }
    })
  })

  it('refuses whoever lacks its permission', async () => {
    await each(async (c) => {
      const { access } = c.route
      if (access === 'public') return
      const token = access === 'session' ? gw.tenant.apiKey : (narrowKeys.get(access) ?? '')
      expect((await refused(c, { ...bodyFor(c.route), token })).outcome).toBe('403 forbidden')
    })
  })

  it('asks for a new password first', async () => {
    await each(async (c) => {
      if (c.route.access === 'public' || c.route.access === 'session') return
      const { outcome } = await refused(c, { ...bodyFor(c.route), token: oneTimeToken })
      expect(outcome).toBe('403 password_change_required')
    })
  })

  it('refuses fields it does not know, and names them', async () => {
    await each(async (c) => {
      if (c.route.method !== 'GET') {
        const { body } = bodyFor(c.route)
        const sent = { ...(body as object | undefined), zzUnknown: 'do-not-echo' }
        const inBody = await refused(c, { body: sent, ...tokenFor(c.route) })
        expect(inBody.outcome).toBe('400 validation_failed')
        if (c.route.schemas.body !== null) expect(inBody.paths).toContain('body.zzUnknown')
        expect(inBody.text).not.toContain('do-not-echo')
      }
      const url = `${urlOf(c.path, own)}?zzUnknown=do-not-echo`
      const inQuery = await refused(c, { url, ...bodyFor(c.route), ...tokenFor(c.route) })
      expect(inQuery.outcome).toBe('400 validation_failed')
      expect(inQuery.paths).toContain('query.zzUnknown')
      expect(inQuery.text).not.toContain('do-not-echo')
    })
  })

  it('refuses fields of a wrong type, and repeats none', async () => {
    await each(async (c) => {
      if (c.route.schemas.body === null) return
      for (const shape of shapesOf(c.route.schemas.body)) {
        const sample = sampleOf(shape, known())
        for (const name of Object.keys(shape.properties ?? {})) {
          for (const wrong of wrongValues(name)) {
            const body = { ...sample, [name]: wrong }
            const answer = await refused(c, { body, ...tokenFor(c.route) })
            const seen = [name, wrong, answer.outcome]
            expect(seen).toEqual([name, wrong, '400 validation_failed'])
            expect(answer.text).not.toContain('do-not-echo')
          }
        }
      }
      for (const body of [[], 'text', 1, null]) {
        const answer = await refused(c, { body, ...tokenFor(c.route) })
        expect([body, answer.outcome]).toEqual([body, '400 validation_failed'])
      }
    })
  })

  it('refuses what is no JSON, other types of body, and bodies out of proportion', async () => {
    await each(async (c) => {
      if (c.route.method === 'GET') return
      const token = tokenFor(c.route)
      const json = 'application/json'
      const send = async (payload: string, type: string) =>
        (await refused(c, { payload, type, ...token })).outcome
      expect(await send('{"a":', json)).toBe('400 validation_failed')
      expect(await send('{"__proto__":{"a":1}}', json)).toBe('400 validation_failed')
      expect(await send('a=1', 'application/x-www-form-urlencoded')).toBe(
        '415 unsupported_media_type',
      )
      expect(await send('<a/>', 'text/xml')).toBe('415 unsupported_media_type')
      expect(await send(`"${'x'.repeat(40_000)}"`, json)).toBe('413 payload_too_large')
    })
  })

  it('knows nothing of another tenant, nor of what does not exist', async () => {
    await each(async (c) => {
      const with_ = { ...bodyFor(c.route), ...tokenFor(c.route) }
      if (c.path.includes(':id')) {
        const urls = [
          urlOf(c.path, others),
          ...['nothing', "x'--", '%00', '..%2f', own.agents.slice(0, -1), `${own.phones}0`].map(
            (id) => `/api/v1${c.path.replace(':id', id)}`,
          ),
        ]
        for (const path of urls) {
          const url = `${path}${queryFor(c.route)}`
          expect([url, (await refused(c, { ...with_, url })).outcome]).toEqual([
            url,
            '404 not_found',
          ])
        }
      }
      if (c.route.schemas.body === null) return
      for (const shape of shapesOf(c.route.schemas.body)) {
        const foreign = { phoneId: others.phones, callId: others.calls, agentId: others.agents }
        for (const [name, id] of Object.entries(foreign)) {
          if (shape.properties?.[name] === undefined) continue
          const body = { ...sampleOf(shape, known()), [name]: id }
          const { outcome } = await refused(c, { ...tokenFor(c.route), body })
          expect([name, outcome]).toEqual([name, '404 not_found'])
        }
      }
    })
  })

  it('refuses cursors and limits that are none', async () => {
    await each(async (c) => {
      if (c.route.method !== 'GET') return
      const url = urlOf(c.path, own)
      for (const query of [
        'limit=0',
        'limit=x',
        'limit=501',
        'limit=1&limit=2',
        'cursor=x',
        'cursor=',
      ]) {
        const { outcome } = await refused(c, { url: `${url}?${query}`, ...tokenFor(c.route) })
        expect([query, outcome]).toEqual([query, '400 validation_failed'])
      }
    })
  })
})

describe('all these refusals', () => {
  it('leave no row behind', async () => {
    const before = await rowCounts(gw.databaseUrl)
    await each(async (c) => {
      const token = tokenFor(c.route)
      await refused(c, { ...bodyFor(c.route), ...token, url: `${urlOf(c.path, own)}?zz=1` })
      if (c.route.access === 'public' || c.route.access === 'session') return
      await refused(c, { ...bodyFor(c.route), token: narrowKeys.get(c.route.access) ?? '' })
      if (!c.path.includes(':id')) return
      await refused(c, { ...bodyFor(c.route), ...token, url: urlOf(c.path, others) })
    })
    expect(await rowCounts(gw.databaseUrl)).toEqual(before)
  })

  it('covers what is there', () => {
    expect(cases().length).toBeGreaterThan(35)
  })
})
