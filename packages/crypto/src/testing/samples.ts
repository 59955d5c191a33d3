import fc from 'fast-check'
import type { SealContext } from '../context.ts'
import { deriveServiceKeys } from '../rings/derive-service-keys.ts'
import { parseOpenRing, parseSealRing } from '../rings/hpke-rings.ts'
import { parseContentRing, parseMacRing, parseMasterRing } from '../rings/secret-rings.ts'

/** Rings of one key, `k1`, whose master key repeats one byte. */
export function ringsOf(byte: number, kid = 'k1') {
  const master = parseMasterRing(`${kid}:${Buffer.alloc(32, byte).toString('base64')}`)
  const keys = deriveServiceKeys(master)
  return {
    keys,
    seal: parseSealRing(keys.CREDENTIAL_SEAL_KEYS),
    open: parseOpenRing(keys.CREDENTIAL_OPEN_KEYS),
    content: parseContentRing(keys.CONTENT_KEYS),
    mac: parseMacRing(keys.CALLBACK_KEYS),
  }
}

export const context: Required<SealContext> = {
  purpose: 'exotel-credentials',
  tenantId: 'ten_1',
  rowId: 'phn_1',
  field: 'api_token',
  host: 'api.exotel.com',
  sid: 'acme1',
  version: 3,
}

/** The same context with one part other or absent, each named for what is different. */
export function otherContexts(): [string, SealContext][] {
  const { host: _host, ...withoutHost } = context
  const { sid: _sid, ...withoutSid } = context
  const { version: _version, ...withoutVersion } = context
  const { host, sid } = context
  return [
    ['purpose', { ...context, purpose: 'speech-key' }],
    ['tenant', { ...context, tenantId: 'ten_2' }],
    ['row', { ...context, rowId: 'phn_2' }],
    ['field', { ...context, field: 'api_key' }],
    ['host', { ...context, host: 'api.in.exotel.com' }],
    ['sid', { ...context, sid: 'acme2' }],
    ['version', { ...context, version: 4 }],
    ['host absent', withoutHost],
    ['host empty', { ...context, host: '' }],
    ['sid absent', withoutSid],
    ['version absent', withoutVersion],
    ['host and sid swapped', { ...context, host: sid, sid: host }],
    ['a boundary moved', { ...context, tenantId: 'ten_1p', rowId: 'hn_1' }],
    ['a mandatory part empty', { ...context, field: '' }],
    ['a lone surrogate', { ...context, field: '\ud800' }],
  ]
}

export const wellFormedText = fc.string({ unit: 'grapheme' })
export const part = fc.string({ unit: 'grapheme', minLength: 1 })

export const anyContext: fc.Arbitrary<SealContext> = fc
  .record(
    {
      purpose: part,
      tenantId: part,
      rowId: part,
      field: part,
      host: wellFormedText,
      sid: wellFormedText,
      version: fc.nat(),
    },
    { requiredKeys: ['purpose', 'tenantId', 'rowId', 'field'] },
  )
  // All of it may take 1024 bytes, which graphemes of many code points come near.
  .filter((one) => Buffer.byteLength(JSON.stringify(one)) < 900)

/** A context, and the same with one part a little different, gone, or there where it was not. */
export const nearContexts: fc.Arbitrary<[SealContext, SealContext]> = fc
  .tuple(
    anyContext,
    fc.constantFrom('purpose', 'tenantId', 'rowId', 'field', 'host', 'sid', 'version'),
    fc.constantFrom('longer', 'shorter', 'absent'),
  )
  .map(([one, name, way]) => [one, nearTo(one, name, way)])

function nearTo(
  one: SealContext,
  name: keyof SealContext,
  way: 'longer' | 'shorter' | 'absent',
): SealContext {
  if (name === 'version') {
    if (one.version === undefined) return { ...one, version: 0 }
    if (way !== 'absent') return { ...one, version: one.version + 1 }
    const { version: _version, ...rest } = one
    return rest
  }
  const value = one[name]
  if (way === 'absent' && value !== undefined && (name === 'host' || name === 'sid')) {
    const { [name]: _gone, ...rest } = one
    return rest
  }
  // Whole code points: half a surrogate pair is another test's matter.
  const shorter = Array.from(value ?? '')
    .slice(0, -1)
    .join('')
  return { ...one, [name]: way === 'shorter' && shorter !== value ? shorter : `${value ?? ''}x` }
}
