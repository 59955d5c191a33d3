import { apiKeys } from '@callwire/db'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { authenticateBearer } from './authenticate-bearer.ts'
import { createTenant, idOf, type NewTenant } from './create-tenant.ts'
import { createKeyIds } from './key-ids.ts'
import { login } from './login.ts'
import { mintApiKey } from './mint.ts'
import { arrangeAccounts, type Arranged } from './testing/arrange-accounts.ts'

let at: Arranged
let own: NewTenant
let other: NewTenant
beforeAll(async () => {
  at = await arrangeAccounts()
  own = await createTenant(at.provision, { name: 'Own', email: 'own@example.com' })
  other = await createTenant(at.provision, { name: 'Other', email: 'other@example.com' })
})
afterAll(() => at[Symbol.asyncDispose]())

async function newKey({ tenantId }: NewTenant) {
  const id = idOf(at, 'apiKey')
  const { secret, hash, hint } = mintApiKey(at.random)
  await at.database.withTenant(tenantId, (tx) =>
    tx
      .insert(apiKeys)
      .values({ tenantId, id, name: 'one', keyHash: hash, hint, scopes: ['calls:read'] }),
  )
  return { tenantId, id, secret, hash }
}

test('keys and a session that come at once are each whose they are, or nobody', async () => {
  const valid = await Promise.all(
    Array.from({ length: 30 }, (_, i) => newKey(i % 3 === 0 ? other : own)),
  )
  const [revoked, foreign] = [await newKey(own), await newKey(other)]
  await at.database.withTenant(own.tenantId, (tx) =>
    tx.update(apiKeys).set({ revokedAt: new Date() }).where(eq(apiKeys.id, revoked.id)),
  )
  const keyIds = createKeyIds()
  for (const { hash, tenantId, id } of [...valid, revoked]) keyIds.set(hash, { tenantId, id })
  // Whoever mistakes its tenant finds no such key there.
  keyIds.set(foreign.hash, { tenantId: own.tenantId, id: foreign.id })
  const signedIn = await login(at, own)
  if (signedIn.kind !== 'ok') throw new Error('not signed in')
  const { accessToken, sessionId } = signedIn.session

  const whoIs = (token: string) => authenticateBearer({ ...at, keyIds }, token)
  const tokens = valid.map(({ secret }) => secret)
  const [gone, strange, session, ...known] = await Promise.all([
    whoIs(revoked.secret),
    whoIs(foreign.secret),
    whoIs(accessToken),
    ...tokens.map(whoIs),
  ])
  expect([gone, strange]).toEqual([null, null])
  expect(session).toMatchObject({ kind: 'user', tenantId: own.tenantId, sessionId })
  expect(known).toMatchObject(
    valid.map(({ tenantId, id }) => ({ kind: 'api_key', tenantId, id, sessionId: null })),
  )
})
