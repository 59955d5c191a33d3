import { randomBytes } from 'node:crypto'
import { ID_RANDOM_BYTES, newId, type IdKind } from '@callwire/contracts'
import { sha256Hex } from '@callwire/crypto'
import type { Stores } from '../dial/stores.ts'

const TENANTS = 20

/** Phones of several tenants, each with the credentials that its flow presents to ingest. */
export async function seedPhones({ sql }: Stores): Promise<string[]> {
  const headers: string[] = []
  for (let n = 0; n < TENANTS; n += 1) {
    const tenantId = idOf('tenant')
    const [key, token] = [idOf('token'), idOf('token')]
    await sql`insert into tenants ${sql({ tenant_id: tenantId, name: `Bench ${n}` })}`
    await sql`insert into phones ${sql({
      tenant_id: tenantId,
      id: idOf('phone'),
      number: `+9180${String(n).padStart(8, '0')}`,
      country: 'IN',
      ingest_key: key,
      ingest_token_hash: sha256Hex(token),
    })}`
    headers.push(`Basic ${Buffer.from(`${key}:${token}`).toString('base64')}`)
  }
  return headers
}

function idOf(kind: IdKind): string {
  return newId(kind, { nowMs: Date.now(), random: randomBytes(ID_RANDOM_BYTES) })
}
