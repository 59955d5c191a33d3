import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sampleCall } from '../testing/sample-call.ts'
import { formatIst } from './ist.ts'
import { pageOf, parseListQuery } from './list-filter.ts'

const NOW = Date.UTC(2026, 5, 15, 12)
const calls = Array.from({ length: 25 }, (_, n) =>
  sampleCall({
    ...{ sid: `call-${n}`, createdAtMs: NOW - (25 - n) * 60_000 },
    from: n % 2 === 0 ? '+919876543210' : '+919811122233',
    status: n % 5 === 0 ? 'busy' : 'completed',
  }),
)

function find(query: Record<string, string>) {
  const parsed = parseListQuery(query, NOW)
  if (parsed.kind === 'refused') throw new Error(parsed.refusal.message)
  return pageOf(calls, parsed.filter)
}
const sids = (query: Record<string, string>) => find(query).calls.map(({ sid }) => sid)

describe('filters', () => {
  it('shows the newest first', () => {
    expect(sids({ PageSize: '3' })).toEqual(['call-24', 'call-23', 'call-22'])
    expect(sids({ PageSize: '2', SortBy: 'DateCreated:asc' })).toEqual(['call-0', 'call-1'])
  })
  it('finds by number in any form, status and Sid', () => {
    expect(find({ From: '+919876543210' }).total).toBe(13)
    expect(find({ From: '09876543210,09811122233' }).total).toBe(25)
    expect(find({ Status: 'busy' }).total).toBe(5)
    expect(sids({ Sid: 'call-3,call-7,none' })).toEqual(['call-7', 'call-3'])
    expect(find({ PhoneNumber: '+918047112233' }).total).toBe(25)
    expect(find({ To: '+919000000000' }).total).toBe(0)
    expect(find({ Direction: 'inbound' }).total).toBe(0)
  })
  it('reads dates as Indian time, both ends included', () => {
    const third = formatIst(calls[3]?.createdAtMs ?? 0)
    const fifth = formatIst(calls[5]?.createdAtMs ?? 0)
    expect(sids({ DateCreated: `gte:${third};lte:${fifth}` })).toEqual([
      'call-5',
      'call-4',
      'call-3',
    ])
    expect(find({ DateCreated: `gte:${third}` }).total).toBe(22)
  })
})

describe('refusals', () => {
  const day = 86_400_000
  it.each([
    [{ PageSize: '101' }, 'PageSize'],
    [{ PageSize: '0' }, 'PageSize'],
    [{ From: 'anna' }, 'From'],
    [{ To: '1,2' }, 'To'],
    [{ PhoneNumber: Array(6).fill('09876543210').join(',') }, 'PhoneNumber'],
    [{ Sid: Array(101).fill('x').join(',') }, 'Sid'],
    [{ Status: 'asleep' }, 'Status'],
    [{ SortBy: 'Price:asc' }, 'SortBy'],
    [{ DateCreated: 'yesterday' }, 'DateCreated'],
    [{ DateCreated: `gte:${formatIst(NOW - 60 * day)};lte:${formatIst(NOW)}` }, 'DateCreated'],
    [
      { DateCreated: `gte:${formatIst(NOW - 200 * day)};lte:${formatIst(NOW - 190 * day)}` },
      'DateCreated',
    ],
  ])('%j', (query, name) => {
    expect(parseListQuery(query, NOW)).toEqual({
      kind: 'refused',
      refusal: { status: 400, message: `Invalid parameter: ${name}` },
    })
  })
})

describe('pages', () => {
  it('lead through everything once, and back again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.boolean(), (size, up) => {
        const query = { PageSize: String(size), SortBy: `DateCreated:${up ? 'asc' : 'desc'}` }
        const all = sids({ ...query, PageSize: '100' })
        const seen: string[] = []
        let page = find(query)
        expect(page.before).toBeNull()
        for (;;) {
          seen.push(...page.calls.map(({ sid }) => sid))
          if (page.after === null) break
          const next = find({ ...query, After: page.after })
          const back = find({ ...query, Before: next.before ?? '' })
          expect(back.calls).toEqual(page.calls)
          page = next
        }
        expect(seen).toEqual(all)
      }),
    )
  })
})
