import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { maxFailures } from './auth/failed-logins.ts'
import { gatewayUnderTest, textAt, type GatewayUnderTest } from '../testing/gateway-under-test.ts'

// Each sign-in derives a key on purpose slowly, and a busy machine makes that seconds.
vi.setConfig({ testTimeout: 90_000 })

let gw: GatewayUnderTest
beforeAll(async () => {
  gw = await gatewayUnderTest()
})
afterAll(() => gw[Symbol.asyncDispose]())

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'
const send = (method: Method, path: string, token?: string, body?: object) =>
  gw.send({
    method,
    url: `/api/v1${path}`,
    ...(token === undefined ? {} : { token }),
    ...(body === undefined ? {} : { body }),
  })
const login = (email: string, password: string) =>
  send('POST', '/auth/login', undefined, { email, password })

let people = 0
async function addPerson(role: string): Promise<{ id: string; email: string; password: string }> {
  const email = `person${(people += 1)}@example.com`
  const user = await send('POST', '/users', gw.tenant.apiKey, { email, role })
  return { id: textAt(user, 'user.id'), email, password: textAt(user, 'user.password') }
}

/** A person of that role who has a password of their own. */
async function settledPerson(role: string) {
  const person = await addPerson(role)
  const token = textAt(await login(person.email, person.password), 'accessToken')
  const newPassword = 'a password of my own'
  const body = { currentPassword: person.password, newPassword }
  expect((await send('POST', '/auth/password', token, body)).status).toBe(200)
  return { ...person, password: newPassword, token }
}

async function audit(action: string): Promise<Record<string, unknown>[]> {
  const answer = await send('GET', `/audit?action=${action}`, gw.tenant.apiKey)
  return (answer.json as { data: { entries: Record<string, unknown>[] } }).data.entries
}

describe('signing in', () => {
  it('answers with tokens, and leaves a row in the audit', async () => {
    const answer = await login(gw.tenant.email.toUpperCase(), gw.tenant.password)
    expect([answer.status, answer.json]).toMatchObject([
      200,
      {
        data: {
          expiresIn: expect.any(Number) as number,
          user: {
            id: gw.tenant.userId,
            email: gw.tenant.email,
            role: 'owner',
            tenantId: gw.tenant.tenantId,
          },
        },
      },
    ])
    const [row] = await audit('login.succeeded')
    expect(row).toMatchObject({ actorKind: 'user', actorId: gw.tenant.userId })
  })

  it('tells a wrong password and an unknown address alike', async () => {
    const wrong = await login(gw.tenant.email, 'wrong')
    const unknown = await login('nobody@example.com', 'wrong')
    const withoutId = (text: string) => text.replace(/req_\w+/, '')
    expect([wrong.status, withoutId(wrong.text)]).toEqual([401, withoutId(unknown.text)])
    expect(await audit('login.failed')).toMatchObject([{ targetId: gw.tenant.userId }])
    expect(gw.logs.text()).not.toContain('nobody@example.com')
  })

  it('with a one-time password allows nothing but its change', async () => {
    const person = await addPerson('admin')
    const session = await login(person.email, person.password)
    const token = textAt(session, 'accessToken')
    const refused = await send('GET', '/phones', token)
    expect([refused.status, refused.json]).toMatchObject([
      403,
      { error: { code: 'password_change_required' } },
    ])
    const change = (currentPassword: string, newPassword: string) =>
      send('POST', '/auth/password', token, { currentPassword, newPassword })
    expect((await change(person.password, 'short')).status).toBe(400)
    expect((await change('wrong', 'long enough to be taken')).status).toBe(400)
    expect((await change(person.password, person.password)).status).toBe(400)
    expect((await change(person.password, 'long enough to be taken')).status).toBe(200)
    expect((await send('GET', '/phones', token)).status).toBe(200)
    expect((await login(person.email, person.password)).status).toBe(401)
    expect((await login(person.email, 'long enough to be taken')).status).toBe(200)
  })

  it('slows down whoever guesses', async () => {
    const person = await addPerson('agent')
    const guesses = await Promise.all(
      Array.from({ length: maxFailures }, () => login(person.email, 'guess')),
    )
    expect(new Set(guesses.map((answer) => answer.status))).toEqual(new Set([401]))
    const limited = await login(person.email, person.password)
    expect([limited.status, Number(limited.headers['retry-after']) > 0]).toEqual([429, true])
  })
})

describe('a session', () => {
  it('ends at sign-out, and with the password that other sessions knew', async () => {
    const person = await settledPerson('agent')
    const other = textAt(await login(person.email, person.password), 'accessToken')
    expect((await send('GET', '/phones', other)).status).toBe(200)
    const body = { currentPassword: person.password, newPassword: 'yet another password' }
    await send('POST', '/auth/password', person.token, body)
    expect((await send('GET', '/phones', other)).status).toBe(401)
    expect((await send('GET', '/phones', person.token)).status).toBe(200)
    expect((await send('POST', '/auth/logout', person.token)).status).toBe(200)
    expect((await send('GET', '/phones', person.token)).status).toBe(401)
  })

  it('goes on with each refresh token once, and ends when one comes twice', async () => {
    const person = await settledPerson('agent')
    const first = textAt(await login(person.email, person.password), 'refreshToken')
    const refresh = (refreshToken: string) =>
      send('POST', '/auth/refresh', undefined, { refreshToken })
    const renewed = await refresh(first)
    expect(renewed.status).toBe(200)
    const access = textAt(renewed, 'accessToken')
    expect((await send('GET', '/phones', access)).status).toBe(200)
    expect((await refresh(first)).status).toBe(401)
    expect((await refresh(textAt(renewed, 'refreshToken'))).status).toBe(401)
    expect((await send('GET', '/phones', access)).status).toBe(401)
    expect(await audit('session.token_reused')).toMatchObject([{ actorId: person.id }])
  })
})

describe('users', () => {
  it('are given no role above the giver’s, and managed by nobody below them', async () => {
    const admin = await settledPerson('admin')
    const make = (role: string) =>
      send('POST', '/users', admin.token, { email: `made-${role}@example.com`, role })
    expect((await make('owner')).status).toBe(403)
    expect((await make('admin')).status).toBe(201)
    const owner = `/users/${gw.tenant.userId}`
    expect((await send('PATCH', owner, admin.token, { status: 'disabled' })).status).toBe(403)
    expect((await send('DELETE', owner, admin.token)).status).toBe(403)
    expect((await send('DELETE', `/users/${admin.id}`, admin.token)).status).toBe(409)
    const byKey = { email: 'by-key@example.com', role: 'owner' }
    expect((await send('POST', '/users', gw.tenant.apiKey, byKey)).status).toBe(403)
  })

  it('keep one address each across the install', async () => {
    const body = { email: gw.stranger.email, role: 'agent' }
    const answer = await send('POST', '/users', gw.tenant.apiKey, body)
    expect([answer.status, answer.json]).toMatchObject([409, { error: { code: 'conflict' } }])
  })

  it('that are disabled or deleted are out at once', async () => {
    const person = await settledPerson('agent')
    const path = `/users/${person.id}`
    const patched = await send('PATCH', path, gw.tenant.apiKey, { status: 'disabled' })
    expect(patched.json).toMatchObject({ data: { user: { status: 'disabled' } } })
    expect((await send('GET', '/phones', person.token)).status).toBe(401)
    expect((await login(person.email, person.password)).status).toBe(401)
    expect((await send('DELETE', path, gw.tenant.apiKey)).status).toBe(204)
    expect((await send('GET', path, gw.tenant.apiKey)).status).toBe(404)
  })
})

describe('API keys', () => {
  it('show their secret once, do what their scopes say, and stop when revoked', async () => {
    const body = { name: 'reader', scopes: ['phones:read', 'phones:read'] }
    const made = await send('POST', '/api-keys', gw.tenant.apiKey, body)
    const secret = textAt(made, 'apiKey.secret')
    expect(made.json).toMatchObject({
      data: { apiKey: { scopes: ['phones:read'], hint: secret.slice(-4) } },
    })
    expect((await send('GET', '/phones', secret)).status).toBe(200)
    expect((await send('GET', '/agents', secret)).status).toBe(403)
    const list = await send('GET', '/api-keys', gw.tenant.apiKey)
    expect(list.text).toContain(textAt(made, 'apiKey.id'))
    expect(list.text).not.toContain(secret)
    const path = `/api-keys/${textAt(made, 'apiKey.id')}`
    expect((await send('DELETE', path, gw.tenant.apiKey)).status).toBe(204)
    expect((await send('GET', '/phones', secret)).status).toBe(401)
    expect((await send('DELETE', path, gw.tenant.apiKey)).status).toBe(404)
  })

  it('cannot give what they do not have', async () => {
    const scopes = ['keys:write', 'calls:read']
    const made = await send('POST', '/api-keys', gw.tenant.apiKey, { name: 'maker', scopes })
    const secret = textAt(made, 'apiKey.secret')
    const more = { name: 'more', scopes: ['pii:read'] }
    expect((await send('POST', '/api-keys', secret, more)).status).toBe(403)
  })
})
