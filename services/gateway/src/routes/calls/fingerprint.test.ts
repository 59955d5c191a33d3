import type { PlaceCallBody } from '@callwire/contracts'
import { describe, expect, it } from 'vitest'
import { fingerprintOf } from './fingerprint.ts'

const body: PlaceCallBody = { phoneId: 'phn_1', to: '09876543210', metadata: { a: '1', b: '2' } }
const number = '+919876543210'
const base = fingerprintOf(body, number)

describe('fingerprintOf', () => {
  it.each<[string, PlaceCallBody]>([
    ['another spelling of the number', { ...body, to: '+91 98765-43210' }],
    ['another order of keys', { metadata: { b: '2', a: '1' }, to: body.to, phoneId: 'phn_1' }],
    ['defaults spelled out', { ...body, priority: 0, record: false, allowConcurrent: false }],
  ])('is the same for %s', (_what, same) => {
    expect(fingerprintOf(same, number)).toBe(base)
  })

  it('is the same moment in any zone', () => {
    const at = (scheduleAt: string) => fingerprintOf({ ...body, scheduleAt }, number)
    expect(at('2026-01-01T10:00:00+05:30')).toBe(at('2026-01-01T04:30:00Z'))
  })

  it.each<[string, PlaceCallBody, string]>([
    ['another person', body, '+919876543211'],
    ['another phone', { ...body, phoneId: 'phn_2' }, number],
    ['another schedule', { ...body, scheduleAt: '2026-01-01T00:00:00Z' }, number],
    ['another priority', { ...body, priority: 1 }, number],
    ['a recording', { ...body, record: true }, number],
    ['a time limit', { ...body, timeLimit: 60 }, number],
    ['other metadata', { ...body, metadata: { a: '1' } }, number],
    ['no guard', { ...body, allowConcurrent: true }, number],
  ])('differs for %s', (_what, other, to) => {
    expect(fingerprintOf(other, to)).not.toBe(base)
  })
})
