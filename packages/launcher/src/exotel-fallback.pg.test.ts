import { testDatabase } from '@callwire/testkit'
import postgres from 'postgres'
import { expect, it } from 'vitest'

import { requireSingleTenant } from './exotel-fallback.ts'

async function addTenant(url: string, name: string): Promise<void> {
  const sql = postgres(url, { max: 1 })
  try {
    const id = `ten_${name.padStart(24, '0')}`
    await sql`insert into app.tenants (tenant_id, name) values (${id}, ${name})`
  } finally {
    await sql.end()
  }
}

it('is for one tenant alone', async () => {
  await using database = await testDatabase()
  const url = database.serviceUrl('gateway')
  await expect(requireSingleTenant(url)).resolves.toBeUndefined()
  await addTenant(database.url, '1')
  await expect(requireSingleTenant(url)).resolves.toBeUndefined()
  await addTenant(database.url, '2')
  await expect(requireSingleTenant(url)).rejects.toThrow(
    'EXOTEL_GLOBAL_FALLBACK is true, and this install has 2 tenants',
  )
})
