import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createTokens, INGEST_TOKEN_S, SESSION_TOKEN_S } from './tokens.ts'

// Long enough for HS512, so that only its name speaks against it.
const jwtSecret = 'a-secret-of-at-least-thirty-two-bytes'.repeat(2)
const NOW_S = 1_750_000_000
let nowS = NOW_S
const tokens = createTokens({ jwtSecret, clock: { now: () => nowS * 1000 } })

const tenantId = `ten_${'0'.repeat(24)}`
const userId = `usr_${'1'.repeat(24)}`
const sessionId = `ses_${'2'.repeat(24)}`
const phoneId = `phn_${'3'.repeat(24)}`

const session = {
  sub: userId,
  tid: tenantId,
  role: 'admin',
  sid: sessionId,
  aud: 'session',
  iat: NOW_S,
  exp: NOW_S + 900,
}
const ingest = {
  sub: phoneId,
  tid: tenantId,
  role: 'ingest',
  aud: 'ingest',
  iat: NOW_S,
  exp: NOW_S + 900,
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A JWT made by hand, so that nothing of the library under test decides what it holds. */
function forge(
  payload: object,
  header: object = { alg: 'HS256' },
  secret = jwtSecret,
  digest = 'sha256',
): string {
  const text = `${part(header)}.${part(payload)}`
  return `${text}.${createHmac(digest, secret).update(text).digest('base64url')}`
}

const without = (payload: object, name: string) =>
  Object.fromEntries(Object.entries(payload).filter(([key]) => key !== name))

describe('a session token', () => {
  test('made here holds, until 30 s after it ran out', async () => {
    nowS = NOW_S
    const claims = { userId, tenantId, role: 'agent' as const, sessionId }
    const { token, expiresIn } = await tokens.signSession(claims)
    expect(expiresIn).toBe(SESSION_TOKEN_S)
    for (const [afterS, holds] of [
      [0, true],
      [SESSION_TOKEN_S + 29, true],
      [SESSION_TOKEN_S + 30, false],
    ] as const) {
      nowS = NOW_S + afterS
      expect([afterS, await tokens.verifySession(token)]).toEqual([afterS, holds ? claims : null])
    }
    nowS = NOW_S
    const [, payload = ''] = token.split('.')
    const raw = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
    expect(Object.keys(raw).sort()).toEqual(['aud', 'exp', 'iat', 'role', 'sid', 'sub', 'tid'])
  })

  test('made by hand with every claim holds', async () => {
    expect(await tokens.verifySession(forge(session))).toMatchObject({ userId })
  })

  test.each(Object.keys(session))('without %s does not', async (claim) => {
    expect(await tokens.verifySession(forge(without(session, claim)))).toBeNull()
  })

  test.each([
    ['another audience', { aud: 'ingest' }],
    ['its audience in a list with another', { aud: ['session', 'ingest'] }],
    ['its audience in a list', { aud: ['session'] }],
    ['a role that is none', { role: 'god' }],
    ['the role of ingest', { role: 'ingest' }],
    ['a subject that is no user', { sub: phoneId }],
    ['a tenant that is none', { tid: 'ten_1' }],
    ['an end in text', { exp: String(NOW_S + 900) }],
    ['a beginning in text', { iat: String(NOW_S) }],
    ['an end long ago', { exp: NOW_S - 31 }],
    ['an end 30 s ago', { exp: NOW_S - 30 }],
    ['a start in the future', { nbf: NOW_S + 31 }],
    ['a start that is no number', { nbf: 'now' }],
  ])('with %s does not', async (_name, change) => {
    expect(await tokens.verifySession(forge({ ...session, ...change }))).toBeNull()
  })

  test.each([
    ['an end 29 s ago', { exp: NOW_S - 29 }],
    ['a start in 30 s', { nbf: NOW_S + 30 }],
    ['a start in the past', { nbf: NOW_S - 1 }],
    ['a claim that nobody knows', { extra: 1 }],
  ])('with %s holds', async (_name, change) => {
    expect(await tokens.verifySession(forge({ ...session, ...change }))).not.toBeNull()
  })

  test.each([
    ['alg none', `${part({ alg: 'none' })}.${part(session)}.`],
    ['alg none, signed', forge(session, { alg: 'none' })],
    ['alg None', forge(session, { alg: 'None' })],
    ['alg HS512', forge(session, { alg: 'HS512' }, jwtSecret, 'sha512')],
    ['alg HS384', forge(session, { alg: 'HS384' }, jwtSecret, 'sha384')],
    ['no alg', forge(session, {})],
    ['an unknown crit', forge(session, { alg: 'HS256', crit: ['exotic'], exotic: true })],
    ['an empty crit', forge(session, { alg: 'HS256', crit: [] })],
    ['another secret', forge(session, { alg: 'HS256' }, 'another-secret-of-thirty-two-bytes!')],
    ['an empty secret', forge(session, { alg: 'HS256' }, '')],
    ['a payload that is no object', forge([])],
    ['no token', ''],
    ['two parts', 'a.b'],
    ['five parts', 'a.b.c.d.e'],
  ])('with %s does not', async (_name, token) => {
    expect(await tokens.verifySession(token)).toBeNull()
  })

  test('with RS256 does not, nor with the public key taken for a secret', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const text = `${part({ alg: 'RS256' })}.${part(session)}`
    const signature = sign('sha256', Buffer.from(text), privateKey).toString('base64url')
    expect(await tokens.verifySession(`${text}.${signature}`)).toBeNull()
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    expect(await tokens.verifySession(forge(session, { alg: 'HS256' }, pem))).toBeNull()
  })

  test('changed in one letter does not', async () => {
    const token = forge(session)
    const [head = '', payload = '', signature = ''] = token.split('.')
    const owner = part({ ...session, role: 'owner' })
    expect(await tokens.verifySession([head, owner, signature].join('.'))).toBeNull()
    expect(
      await tokens.verifySession([head, payload, `A${signature.slice(1)}`].join('.')),
    ).toBeNull()
  })
})

describe('an ingest token', () => {
  test('names a phone or a call', async () => {
    for (const claims of [
      { kind: 'phone', id: phoneId, tenantId },
      { kind: 'call', id: `cal_${'4'.repeat(24)}`, tenantId },
    ] as const) {
      const { token, expiresAt } = await tokens.signIngest(claims)
      expect(expiresAt).toEqual(new Date((NOW_S + INGEST_TOKEN_S) * 1000))
      expect(await tokens.verifyIngest(token)).toEqual(claims)
      expect(await tokens.verifySession(token)).toBeNull()
    }
  })

  test.each(Object.keys(ingest))('without %s does not hold', async (claim) => {
    expect(await tokens.verifyIngest(forge(ingest))).not.toBeNull()
    expect(await tokens.verifyIngest(forge(without(ingest, claim)))).toBeNull()
  })

  test.each([
    ['the role of a person', { role: 'owner' }],
    ['a subject of another kind', { sub: userId }],
    ['the audience of sessions', { aud: 'session' }],
  ])('with %s does not hold', async (_name, change) => {
    expect(await tokens.verifyIngest(forge({ ...ingest, ...change }))).toBeNull()
  })

  test('is not what a session token is', async () => {
    expect(await tokens.verifyIngest(forge(session))).toBeNull()
  })
})
