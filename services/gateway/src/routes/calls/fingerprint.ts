import type { PlaceCallBody } from '@callwire/contracts'
import { sha256Hex } from '@callwire/crypto'
import canonicalize from 'canonicalize'

/**
 * What makes two requests the same request: SHA-256 over the canonical JSON (RFC 8785) of the body
 * after normalisation, so that spelling, order and defaults do not matter.
 *
 * @param number - `to` in E.164
 */
export function fingerprintOf(body: PlaceCallBody, number: string): string {
  const text = canonicalize({
    phoneId: body.phoneId,
    to: number,
    scheduleAt: body.scheduleAt === undefined ? null : new Date(body.scheduleAt).toISOString(),
    priority: body.priority ?? 0,
    record: body.record ?? false,
    timeLimit: body.timeLimit ?? null,
    metadata: body.metadata ?? {},
    allowConcurrent: body.allowConcurrent ?? false,
  })
  if (text === undefined) throw new TypeError('an object always has a canonical form')
  return sha256Hex(text)
}
