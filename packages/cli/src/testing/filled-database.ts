import { createTenant } from '@callwire/accounts'
import { ID_RANDOM_BYTES, newId, type IdKind } from '@callwire/contracts'
import {
  createDataKey,
  deriveServiceKeys,
  parseContentRing,
  parseMasterRing,
  parseSealRing,
  sealContent,
  sealCredential,
  sealWithDataKey,
} from '@callwire/crypto'
import {
  callbackInbox,
  callKeys,
  calls,
  connectDatabase,
  connectProvisioner,
  phoneCredentials,
  phones,
  type Database,
} from '@callwire/db'
import { personIndex, sealContexts } from '@callwire/keyring'
import { createLedger, type Ledger } from '@callwire/ledger'
import { mask } from '@callwire/masking'
import { systemClock, systemRandom } from '@callwire/runtime'
import { captureLogs, type TestDatabase } from '@callwire/testkit'

const parts = { clock: systemClock, random: systemRandom }
const id = (kind: IdKind) =>
  newId(kind, { nowMs: systemClock.now(), random: systemRandom(ID_RANDOM_BYTES) })

/** One tenant's row of each sealed kind, and what they hold in clear. */
export type Filled = {
  readonly tenantId: string
  readonly phoneId: string
  readonly callId: string
  readonly callbackId: string
  readonly clear: Record<
    'email' | 'apiKey' | 'apiToken' | 'person' | 'metadata' | 'body' | 'words' | 'name',
    string
  >
}

export const account = { host: 'api.exotel.com', sid: 'acme1', version: 1 }

export function ledgerOf(database: Database): Ledger {
  const doorbell = { ringEvents: () => Promise.resolve() }
  return createLedger({ database, doorbell, log: captureLogs().log, ...parts })
}

/** Fills a database as accounts, gateway and transcriber do, for each name one tenant. */
export async function fillDatabase(
  store: TestDatabase,
  masterKeys: string,
  names: readonly string[],
): Promise<Filled[]> {
  const rings = deriveServiceKeys(parseMasterRing(masterKeys))
  const credentials = parseSealRing(rings.CREDENTIAL_SEAL_KEYS)
  const content = parseContentRing(rings.CONTENT_KEYS)
  const provisioner = connectProvisioner({ url: store.url })
  const url = store.serviceUrl('gateway')
  const gateway = await connectDatabase({ url, applicationName: 'test' })
  const ledger = ledgerOf(gateway)
  const all: Filled[] = []
  try {
    for (const [index, name] of names.entries()) {
      const digits = `${70_000 + index}`
      const clear = {
        name: `Tenant ${name}`,
        email: `owner@${name}.example`,
        apiKey: `key-of-${name}-8d1f`,
        apiToken: `token-of-${name}-77ab`,
        person: `+9198765${digits}`,
        metadata: JSON.stringify({ order: `order-of-${name}` }),
        body: `CallSid=sid-of-${name}&From=0987650${digits}`,
        words: `please deliver the ${name} parcel and ring +91 98765 ${digits}`,
      }
      const { tenantId } = await createTenant({ provisioner, ...parts }, clear)
      const [phoneId, callId, callbackId] = [id('phone'), id('call'), id('callback')]
      const credential = (field: 'apiKey' | 'apiToken') =>
        sealCredential(
          credentials,
          sealContexts.credential({ tenantId, phoneId, field, ...account }),
          clear[field],
        )
      await gateway.withTenant(tenantId, async (tx) => {
        const phone = { tenantId, id: phoneId, number: '+918047112233', country: 'IN' }
        await tx.insert(phones).values(phone)
        await tx.insert(phoneCredentials).values({
          ...{ tenantId, phoneId, sid: account.sid, subdomain: account.host, version: 1 },
          encApiKey: credential('apiKey'),
          encApiToken: credential('apiToken'),
        })
      })
      const { dataKey, wrapped } = createDataKey(content, { tenantId, callId })
      await ledger.open(tenantId, callId, async (work) => {
        await work.tx.insert(calls).values({
          ...{ tenantId, id: callId, phoneId, direction: 'outbound', status: 'queued' },
          personSealed: sealContent(content, sealContexts.person(tenantId, callId), clear.person),
          personMasked: '+9198********',
          personIndex: personIndex(content, tenantId, clear.person)[0] ?? '',
          metadataSealed: sealContent(
            content,
            sealContexts.metadata(tenantId, callId),
            clear.metadata,
          ),
        })
        await work.tx.insert(callKeys).values({ tenantId, callId, wrapped })
        await work.append({ type: 'call.status', data: { status: 'queued', previous: null } })
        const sealed = sealWithDataKey(dataKey, wordsContext(tenantId, callId), clear.words)
        await work.append({
          type: 'transcript.final',
          data: {
            ...mask(clear.words),
            ...{ utteranceId: id('utterance'), rev: 1, startMs: 0, endMs: 900, provider: 'test' },
          },
          secret: { field: 'text', sealed },
        })
      })
      await gateway.withTenant(tenantId, (tx) =>
        tx.insert(callbackInbox).values({
          ...{ tenantId, id: callbackId, callId },
          bodySealed: sealContent(
            content,
            sealContexts.callbackBody(tenantId, callbackId),
            clear.body,
          ),
        }),
      )
      all.push({ tenantId, phoneId, callId, callbackId, clear })
    }
  } finally {
    await Promise.all([provisioner.close(), gateway.close()])
  }
  return all
}

export function wordsContext(tenantId: string, callId: string) {
  return { purpose: 'transcript-original', tenantId, rowId: callId, field: 'text' }
}
