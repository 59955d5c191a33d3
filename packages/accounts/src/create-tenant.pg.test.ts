import { permissions, permissionsOf } from '@callwire/contracts'
import { tenants, users } from '@callwire/db'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { authenticateBearer } from './authenticate-bearer.ts'
import { createTenant } from './create-tenant.ts'
import { ensureDefaultTenant } from './ensure-default-tenant.ts'
import { login } from './login.ts'
import { arrangeAccounts, type Arranged } from './testing/arrange-accounts.ts'

let at: Arranged
beforeEach(async () => {
  at = await arrangeAccounts()
})
afterEach(() => at[Symbol.asyncDispose]())

const shop = { name: 'Shop', email: ' Asha@Example.com ' }

async function nameOf(tenantId: string) {
  const rows = await at.database.withTenant(tenantId, (tx) => tx.select().from(tenants))
  return rows.map(({ name, isDefault }) => ({ name, isDefault }))
}

test('a tenant has an owner who can sign in and a key that can do all', async () => {
  const made = await createTenant(at.provision, shop)
  expect(made).toMatchObject({
    email: 'asha@example.com',
    tenantId: expect.stringMatching(/^ten_/) as string,
    userId: expect.stringMatching(/^usr_/) as string,
    apiKey: expect.stringMatching(/^cw_/) as string,
  })
  expect(await nameOf(made.tenantId)).toEqual([{ name: 'Shop', isDefault: false }])
  const key = await authenticateBearer(at, made.apiKey)
  expect(key).toMatchObject({ kind: 'api_key', tenantId: made.tenantId, role: 'api' })
  expect(key?.permissions).toEqual(permissionsOf('admin'))
  expect(key?.permissions.has('pii:read')).toBe(true)
  expect([...permissionsOf('owner')]).toEqual([...permissions])
  const signedIn = await login(at, { email: made.email, password: made.password })
  expect(signedIn).toMatchObject({
    kind: 'ok',
    session: {
      mustChangePassword: false,
      user: { id: made.userId, role: 'owner', tenantId: made.tenantId, email: made.email },
    },
  })
})

test('an address belongs to one person of the install', async () => {
  await createTenant(at.provision, shop)
  const again = createTenant(at.provision, { name: 'Other', email: 'ASHA@example.com' })
  await expect(again).rejects.toMatchObject({ code: 'email_taken' })
})

test.each([
  [{ name: 'Shop', email: 'nobody' }, 'invalid_email'],
  [{ name: 'Shop', email: '' }, 'invalid_email'],
  [{ name: ' ', email: 'a@example.com' }, 'invalid_name'],
  [{ name: 'x'.repeat(201), email: 'a@example.com' }, 'invalid_name'],
])('%o is refused', async (input, code) => {
  await expect(createTenant(at.provision, input)).rejects.toMatchObject({ code })
  expect(await at.provisioner.isEmpty()).toBe(true)
})

test('an empty install gets a default tenant once, also when two start at a time', async () => {
  const made = await Promise.all([
    ensureDefaultTenant(at.provision),
    ensureDefaultTenant(at.provision),
  ])
  const [first] = made.filter((item) => item !== null)
  expect(made.filter((item) => item === null)).toHaveLength(1)
  expect(first).toMatchObject({ email: 'admin@localhost' })
  expect(await ensureDefaultTenant(at.provision)).toBeNull()
  if (first === undefined) return
  const signedIn = await login(at, first)
  expect(signedIn).toMatchObject({ kind: 'ok', session: { mustChangePassword: true } })
})

test('the first tenant takes the place of a default that nobody used', async () => {
  const first = await ensureDefaultTenant(at.provision)
  const made = await createTenant(at.provision, shop)
  expect(made.tenantId).toBe(first?.tenantId)
  expect(await nameOf(made.tenantId)).toEqual([{ name: 'Shop', isDefault: false }])
  const people = await at.database.withTenant(made.tenantId, (tx) => tx.select().from(users))
  expect(people.map(({ email }) => email)).toEqual(['asha@example.com'])
  const old = { email: 'admin@localhost', password: first?.password ?? '' }
  expect(await login(at, old)).toEqual({ kind: 'refused', known: null })
  expect(await login(at, made)).toMatchObject({
    kind: 'ok',
    session: { mustChangePassword: false },
  })
  const second = await createTenant(at.provision, { name: 'Two', email: 'two@example.com' })
  expect(second.tenantId).not.toBe(made.tenantId)
})

describe('the operator', () => {
  test('is the default tenant, and then whoever takes its place', async () => {
    const first = await ensureDefaultTenant(at.provision)
    expect(await at.provisioner.operator()).toBe(first?.tenantId)
    const made = await createTenant(at.provision, shop)
    expect(await at.provisioner.operator()).toBe(made.tenantId)
  })

  test('is the first tenant, also for one that was made in the same moment', async () => {
    const first = await createTenant(at.provision, shop)
    const provisioner = { ...at.provisioner, operator: () => Promise.resolve(null) }
    await createTenant({ ...at.provision, provisioner }, { name: 'Two', email: 'two@example.com' })
    expect(await at.provisioner.operator()).toBe(first.tenantId)
  })

  test('stays a default tenant that is in use', async () => {
    const first = await ensureDefaultTenant(at.provision)
    await login(at, { email: 'admin@localhost', password: first?.password ?? '' })
    await createTenant(at.provision, shop)
    expect(await at.provisioner.operator()).toBe(first?.tenantId)
  })

  test('is moved to a tenant that exists, and to no other', async () => {
    const one = await createTenant(at.provision, shop)
    const two = await createTenant(at.provision, { name: 'Two', email: 'two@example.com' })
    expect(await at.provisioner.setOperator(two.tenantId)).toBe(true)
    expect(await at.provisioner.operator()).toBe(two.tenantId)
    expect(await at.provisioner.setOperator(two.tenantId)).toBe(true)
    for (const nobody of ['', 'ten_x', `ten_${'0'.repeat(24)}`, one.userId]) {
      expect(await at.provisioner.setOperator(nobody)).toBe(false)
    }
    expect(await at.provisioner.operator()).toBe(two.tenantId)
    await Promise.all([one, two, one].map(({ tenantId }) => at.provisioner.setOperator(tenantId)))
    expect([one.tenantId, two.tenantId]).toContain(await at.provisioner.operator())
  })
})

test('a default whose owner has signed in stays', async () => {
  const first = await ensureDefaultTenant(at.provision)
  await login(at, { email: 'admin@localhost', password: first?.password ?? '' })
  const made = await createTenant(at.provision, shop)
  expect(made.tenantId).not.toBe(first?.tenantId)
  expect(await nameOf(first?.tenantId ?? '')).toEqual([{ name: 'default', isDefault: true }])
})

test('an owner who signs in at this very moment keeps the default tenant', async () => {
  const first = await ensureDefaultTenant(at.provision)
  const seen = await at.provisioner.unusedDefault()
  const password = first?.password ?? ''
  expect(await login(at, { email: 'admin@localhost', password })).toMatchObject({ kind: 'ok' })
  const provisioner = { ...at.provisioner, unusedDefault: () => Promise.resolve(seen) }
  const made = await createTenant({ ...at.provision, provisioner }, shop)
  expect(made.tenantId).not.toBe(first?.tenantId)
  expect(await login(at, { email: 'admin@localhost', password })).toMatchObject({ kind: 'ok' })
})
