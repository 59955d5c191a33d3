import { randomBytes } from 'node:crypto'
import { mintApiKey } from '@callwire/accounts'
import { ID_RANDOM_BYTES, newId, permissionsOf, type IdKind } from '@callwire/contracts'
import { parseSealRing, sealCredential, type ServiceKeys } from '@callwire/crypto'
import { sealContexts } from '@callwire/keyring'
import type { Stores } from './stores.ts'

const TENANTS = 20
const SECRET = { apiKey: 'bench-key', apiToken: 'bench-token' }

/** A phone that calls are placed from, with the key of its tenant. */
export type SeededPhone = { phoneId: string; apiKey: string }

/** Phones of several tenants, each with an agent and with an Exotel account of its own. */
export async function seedPhones(
  { sql }: Stores,
  o: { phones: number; keys: ServiceKeys; exotelHost: string },
): Promise<SeededPhone[]> {
  const ring = parseSealRing(o.keys.CREDENTIAL_SEAL_KEYS)
  const seeded: SeededPhone[] = []
  for (let tenant = 0; tenant < TENANTS; tenant += 1) {
    const tenantId = idOf('tenant')
    const key = mintApiKey(randomBytes)
    const agentId = idOf('agent')
    await sql`insert into tenants ${sql({ tenant_id: tenantId, name: `Bench ${tenant}` })}`
    await sql`insert into api_keys ${sql({
      tenant_id: tenantId,
      id: idOf('apiKey'),
      name: 'bench',
      key_hash: key.hash,
      hint: key.hint,
      scopes: [...permissionsOf('admin')],
    })}`
    await sql`insert into agents ${sql({
      tenant_id: tenantId,
      id: agentId,
      name: 'Bench',
      kind: 'human',
      number: '+919811122233',
    })}`
    const count = Math.ceil((o.phones - seeded.length) / (TENANTS - tenant))
    const rows = Array.from({ length: count }, (_, n) => {
      const phoneId = idOf('phone')
      const sid = `bench${seeded.length + n}`
      const place = { tenantId, phoneId, host: o.exotelHost, sid, version: 1 }
      const seal = (field: 'apiKey' | 'apiToken') =>
        sealCredential(ring, sealContexts.credential({ ...place, field }), SECRET[field])
      return {
        number: `+9180${String(seeded.length + n).padStart(8, '0')}`,
        credentials: {
          tenant_id: tenantId,
          phone_id: phoneId,
          sid,
          subdomain: o.exotelHost,
          version: 1,
          enc_api_key: seal('apiKey'),
          enc_api_token: seal('apiToken'),
        },
      }
    })
    await sql`insert into phones ${sql(
      rows.map(({ number, credentials: { phone_id: id } }) => ({
        tenant_id: tenantId,
        id,
        number,
        country: 'IN',
        agent_id: agentId,
      })),
    )}`
    await sql`insert into phone_credentials ${sql(rows.map(({ credentials }) => credentials))}`
    seeded.push(
      ...rows.map(({ credentials: { phone_id: phoneId } }) => ({ phoneId, apiKey: key.secret })),
    )
  }
  return seeded
}

function idOf(kind: IdKind): string {
  return newId(kind, { nowMs: Date.now(), random: randomBytes(ID_RANDOM_BYTES) })
}
