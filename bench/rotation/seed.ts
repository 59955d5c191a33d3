import { randomBytes } from 'node:crypto'
import { ID_RANDOM_BYTES, newId, type IdKind } from '@callwire/contracts'
import { deriveServiceKeys, parseMasterRing, parseSealRing, sealCredential } from '@callwire/crypto'
import { sealContexts } from '@callwire/keyring'
import { account, type System } from './system.ts'

const ROWS_AT_ONCE = 1_000
/** Rows of other tenants lie between those that are called with: nothing here is one tenant's affair. */
const OTHER_TENANTS = 19

/** Phones with sealed credentials, spread over tenants. Gives those of the tenant that calls. */
export async function seedPhones(
  system: System,
  o: { phones: number; agentId: string; progress: (done: number) => void },
): Promise<string[]> {
  const { sql } = system
  const keys = deriveServiceKeys(parseMasterRing(system.masterKeys))
  const ring = parseSealRing(keys.CREDENTIAL_SEAL_KEYS)
  const others = Array.from({ length: OTHER_TENANTS }, () => idOf('tenant'))
  await sql`insert into tenants ${sql(others.map((id) => ({ tenant_id: id, name: 'Other' })))}`
  const tenants = [system.tenantId, ...others]
  const callable: string[] = []

  for (let done = 0; done < o.phones; done += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, o.phones - done)
    const rows = Array.from({ length: count }, (_, n) => {
      const tenantId = tenants[(done + n) % tenants.length] ?? ''
      return { tenantId, phoneId: idOf('phone'), number: `+9180${digits(done + n)}` }
    })
    await sql`insert into phones ${sql(
      rows.map(({ tenantId, phoneId, number }) => ({
        tenant_id: tenantId,
        id: phoneId,
        number,
        country: 'IN',
        agent_id: tenantId === system.tenantId ? o.agentId : null,
      })),
    )}`
    await sql`insert into phone_credentials ${sql(
      rows.map(({ tenantId, phoneId }) => {
        const place = { tenantId, phoneId, host: system.exotelHost, sid: account.sid, version: 1 }
        const seal = (field: 'apiKey' | 'apiToken') =>
          sealCredential(ring, sealContexts.credential({ ...place, field }), account[field])
        return {
          tenant_id: tenantId,
          phone_id: phoneId,
          sid: account.sid,
          subdomain: system.exotelHost,
          version: 1,
          enc_api_key: seal('apiKey'),
          enc_api_token: seal('apiToken'),
        }
      }),
    )}`
    callable.push(
      ...rows.filter((row) => row.tenantId === system.tenantId).map((row) => row.phoneId),
    )
    o.progress(done + count)
  }
  await sql`analyze`
  return callable
}

function idOf(kind: IdKind): string {
  return newId(kind, { nowMs: Date.now(), random: randomBytes(ID_RANDOM_BYTES) })
}

function digits(n: number): string {
  return String(n).padStart(8, '0')
}
