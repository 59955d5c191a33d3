import { apiKeys, isUniqueViolation, users } from '@callwire/db'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authenticateBearer } from './authenticate-bearer.ts'
import { changePassword } from './change-password.ts'
import { createTenant, idOf, type NewTenant } from './create-tenant.ts'
import { createKeyIds } from './key-ids.ts'
import { login } from './login.ts'
import { logout } from './logout.ts'
import { mintRefreshToken } from './mint.ts'
import { hashPassword } from './password.ts'
import { refreshSession } from './refresh-session.ts'
import { SESSION_IDLE_MS, type SessionGrant } from './session.ts'
import { arrangeAccounts, type Arranged } from './testing/arrange-accounts.ts'

let at: Arranged
let tenant: NewTenant
let agents = 0

beforeAll(async () => {
  at = await arrangeAccounts()
  tenant = await createTenant(at.provision, { name: 'Shop', email: 'owner@example.com' })
})
afterAll(() => at[Symbol.asyncDispose]())

/** A new agent of the tenant. */
async function newPerson() {
  agents += 1
  const person = {
    tenantId: tenant.tenantId,
    id: idOf(at, 'user'),
    email: `agent${agents}@example.com`,
    password: 'a-long-password',
  }
  const passwordHash = await hashPassword(person.password)
  await at.database.withTenant(tenant.tenantId, (tx) =>
    tx.insert(users).values({
      tenantId: person.tenantId,
      id: person.id,
      email: person.email,
      passwordHash,
      role: 'agent',
    }),
  )
  return person
}

async function signIn(person: { email: string; password: string }): Promise<SessionGrant> {
  const outcome = await login(at, person)
  if (outcome.kind !== 'ok') throw new Error('not signed in')
  return outcome.session
}

async function changeUser(id: string, set: Partial<typeof users.$inferInsert>) {
  await at.database.withTenant(tenant.tenantId, (tx) =>
    tx.update(users).set(set).where(eq(users.id, id)),
  )
}

const whoIs = (token: string) => authenticateBearer(at, token)

describe('signing in', () => {
  test('gives tokens that say who it is, to gateway and copilot alike', async () => {
    const person = await newPerson()
    const session = await signIn({ ...person, email: person.email.toUpperCase() })
    const principal = await whoIs(session.accessToken)
    expect(principal).toMatchObject({
      kind: 'user',
      tenantId: tenant.tenantId,
      id: person.id,
      sessionId: session.sessionId,
      role: 'agent',
      mustChangePassword: false,
    })
    expect(principal?.permissions.has('calls:place')).toBe(true)
    expect(principal?.permissions.has('pii:read')).toBe(false)
    const copilot = { ...at, database: at.copilot }
    expect(await authenticateBearer(copilot, session.accessToken)).toEqual(principal)
    expect(await authenticateBearer(copilot, tenant.apiKey)).toMatchObject({ kind: 'api_key' })
  })

  test('is refused alike for a wrong password, a stranger and a disabled user', async () => {
    const person = await newPerson()
    const known = { tenantId: tenant.tenantId, userId: person.id }
    const wrong = { ...person, password: 'not-the-password' }
    expect(await login(at, wrong)).toEqual({ kind: 'refused', known })
    const stranger = { ...person, email: 'stranger@example.com' }
    expect(await login(at, stranger)).toEqual({ kind: 'refused', known: null })
    await changeUser(person.id, { status: 'disabled' })
    expect(await login(at, person)).toEqual({ kind: 'refused', known })
  })

  test('does not survive a password changed while it was checked', async () => {
    const person = await newPerson()
    const other = await hashPassword('another-password')
    const racing = login(at, person)
    await changeUser(person.id, { passwordHash: other })
    const outcome = await racing
    // Whichever came first, the old password opens nothing afterwards.
    if (outcome.kind === 'ok') expect(await login(at, person)).toMatchObject({ kind: 'refused' })
    else expect(outcome.kind).toBe('refused')
  })
})

describe('a bearer token is nobody', () => {
  test('after sign-out', async () => {
    const session = await signIn(await newPerson())
    const ended = { tenantId: tenant.tenantId, sessionId: session.sessionId }
    expect(await logout(at, ended)).toBe(true)
    expect(await logout(at, ended)).toBe(false)
    expect(await whoIs(session.accessToken)).toBeNull()
    expect(await refreshSession(at, session.refreshToken)).toEqual({ kind: 'refused' })
  })

  test('once its user is disabled; a role changes at once', async () => {
    const person = await newPerson()
    const session = await signIn(person)
    await changeUser(person.id, { role: 'supervisor' })
    expect(await whoIs(session.accessToken)).toMatchObject({ role: 'supervisor' })
    await changeUser(person.id, { status: 'disabled' })
    expect(await whoIs(session.accessToken)).toBeNull()
    expect(await refreshSession(at, session.refreshToken)).toEqual({ kind: 'refused' })
  })

  test('when it is good but of a session of somebody else, or of no session', async () => {
    const [one, two] = [await newPerson(), await newPerson()]
    const session = await signIn(one)
    const claims = {
      tenantId: tenant.tenantId,
      role: 'agent',
      sessionId: session.sessionId,
    } as const
    const mixed = await at.tokens.signSession({ ...claims, userId: two.id })
    expect(await whoIs(mixed.token)).toBeNull()
    const unknown = { ...claims, userId: one.id, sessionId: idOf(at, 'session') }
    expect(await whoIs((await at.tokens.signSession(unknown)).token)).toBeNull()
  })

  test.each(['', 'cw_', 'cw_short', `cw_${'A'.repeat(43)}`, 'a.b.c', 'Bearer x'])(
    'when it is %j',
    async (token) => {
      expect(await whoIs(token)).toBeNull()
    },
  )

  test('when its key was revoked; its use is noted by whoever may', async () => {
    const other = await createTenant(at.provision, { name: 'Two', email: 'two@example.com' })
    const read = () =>
      at.database.withTenant(other.tenantId, (tx) =>
        tx.select({ lastUsedAt: apiKeys.lastUsedAt }).from(apiKeys),
      )
    await whoIs(other.apiKey)
    expect(await read()).toEqual([{ lastUsedAt: null }])
    await authenticateBearer({ ...at, recordUse: true }, other.apiKey)
    const noted = new Date(at.clock.now())
    expect(await read()).toEqual([{ lastUsedAt: noted }])
    at.clock.advance(59_000)
    await authenticateBearer({ ...at, recordUse: true }, other.apiKey)
    expect(await read()).toEqual([{ lastUsedAt: noted }])
    await at.database.withTenant(other.tenantId, (tx) =>
      tx.update(apiKeys).set({ revokedAt: new Date() }),
    )
    expect(await whoIs(other.apiKey)).toBeNull()
  })

  test('when its key was revoked, also for whoever remembers whose it is', async () => {
    const other = await createTenant(at.provision, {
      name: 'Three',
      email: 'remembered@example.com',
    })
    let looks = 0
    const { withTenant, reader } = at.database
    const finder = {
      ...at.database.finder,
      apiKeyByHash: (hash: string) => {
        looks += 1
        return at.database.finder.apiKeyByHash(hash)
      },
    }
    const deps = { ...at, database: { withTenant, reader, finder }, keyIds: createKeyIds() }
    for (let times = 0; times < 3; times += 1) {
      expect(await authenticateBearer(deps, other.apiKey)).toMatchObject({
        tenantId: other.tenantId,
      })
    }
    expect(looks).toBe(1)
    await withTenant(other.tenantId, (tx) => tx.update(apiKeys).set({ revokedAt: new Date() }))
    expect(await authenticateBearer(deps, other.apiKey)).toBeNull()
  })
})

describe('refreshing', () => {
  test('gives a new pair and keeps the session', async () => {
    const first = await signIn(await newPerson())
    const outcome = await refreshSession(at, first.refreshToken)
    if (outcome.kind !== 'ok') throw new Error(outcome.kind)
    const next = outcome.session
    expect(next.sessionId).toBe(first.sessionId)
    expect(next.refreshToken).not.toBe(first.refreshToken)
    expect(next.user).toEqual(first.user)
    expect(await whoIs(next.accessToken)).not.toBeNull()
    expect(await refreshSession(at, next.refreshToken)).toMatchObject({ kind: 'ok' })
  })

  test('with a token that was used ends the session, the thief and the owner alike', async () => {
    const person = await newPerson()
    const first = await signIn(person)
    const outcome = await refreshSession(at, first.refreshToken)
    if (outcome.kind !== 'ok') throw new Error(outcome.kind)
    expect(await refreshSession(at, first.refreshToken)).toEqual({
      kind: 'reused',
      tenantId: tenant.tenantId,
      userId: person.id,
      sessionId: first.sessionId,
    })
    expect(await whoIs(outcome.session.accessToken)).toBeNull()
    expect(await refreshSession(at, outcome.session.refreshToken)).toEqual({ kind: 'refused' })
    expect(await refreshSession(at, first.refreshToken)).toEqual({ kind: 'refused' })
  })

  test('twice at the same moment works once', async () => {
    const first = await signIn(await newPerson())
    const both = await Promise.all([
      refreshSession(at, first.refreshToken),
      refreshSession(at, first.refreshToken),
    ])
    expect(both.map(({ kind }) => kind).sort()).toEqual(['ok', 'reused'])
  })

  test('is over when nobody came for the idle time; made-up tokens are nothing', async () => {
    const first = await signIn(await newPerson())
    const strange = mintRefreshToken(at.random).token
    for (const token of ['', 'cwr_x', strange, first.accessToken]) {
      expect(await refreshSession(at, token)).toEqual({ kind: 'refused' })
    }
    at.clock.advance(SESSION_IDLE_MS)
    expect(await refreshSession(at, first.refreshToken)).toEqual({ kind: 'refused' })
  })
})

describe('changing a password', () => {
  test('needs the old one, ends other sessions, and frees a one-time password', async () => {
    const person = await newPerson()
    await changeUser(person.id, { mustChangePassword: true })
    const [here, there] = [await signIn(person), await signIn(person)]
    expect(await whoIs(here.accessToken)).toMatchObject({ mustChangePassword: true })
    const who = { tenantId: tenant.tenantId, userId: person.id, sessionId: here.sessionId }
    const newPassword = 'another-long-password'
    const change = (currentPassword: string, next = newPassword) =>
      changePassword(at, who, { currentPassword, newPassword: next })
    expect(await change('wrong')).toEqual({ kind: 'wrong_password' })
    expect(await change(person.password, person.password)).toEqual({ kind: 'unchanged' })
    expect(await change(person.password)).toEqual({
      kind: 'changed',
      endedSessions: [there.sessionId],
    })
    expect(await whoIs(here.accessToken)).toMatchObject({ mustChangePassword: false })
    expect(await whoIs(there.accessToken)).toBeNull()
    expect(await login(at, person)).toMatchObject({ kind: 'refused' })
    expect(await login(at, { ...person, password: newPassword })).toMatchObject({ kind: 'ok' })
  })

  test('twice at once works once', async () => {
    const person = await newPerson()
    const here = await signIn(person)
    const who = { tenantId: tenant.tenantId, userId: person.id, sessionId: here.sessionId }
    const outcomes = await Promise.all(
      ['first-new-password', 'second-new-password'].map((newPassword) =>
        changePassword(at, who, { currentPassword: person.password, newPassword }),
      ),
    )
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['changed', 'wrong_password'])
  })
})

test("an address of another tenant's person cannot be taken", async () => {
  const person = await newPerson()
  const other = await createTenant(at.provision, { name: 'Three', email: 'three@example.com' })
  const taken = at.database.withTenant(other.tenantId, (tx) =>
    tx.update(users).set({ email: person.email }),
  )
  await expect(taken).rejects.toSatisfy((error) => isUniqueViolation(error, 'users_email'))
})
