import { type Call, type CallStatus } from '../state/call.ts'
import { callDirection } from './call-v1.ts'
import { parseIst } from './ist.ts'
import { toE164 } from './phone-number.ts'
import { type Refusal, refuse } from './rest-exception.ts'

const DAY_MS = 86_400_000
const DEFAULT_SPAN_MS = 31 * DAY_MS
const OLDEST_MS = 183 * DAY_MS
const MAX_PAGE = 100
const DEFAULT_PAGE = 50
const MAX_SIDS = 100
const MAX_NUMBERS = 5
const STATUSES: ReadonlySet<string> = new Set<CallStatus>([
  ...(['queued', 'ringing', 'in-progress', 'completed'] as const),
  ...(['busy', 'no-answer', 'failed', 'canceled'] as const),
])

export type ListFilter = {
  sids: string[] | null
  fromMs: number
  toMs: number
  from: string[] | null
  to: string[] | null
  phone: string[] | null
  statuses: string[] | null
  direction: string[] | null
  pageSize: number
  ascending: boolean
  cursor: { kind: 'before' | 'after'; sid: string } | null
}

type Query = Readonly<Record<string, string | undefined>>
type Outcome = { kind: 'filter'; filter: ListFilter } | { kind: 'refused'; refusal: Refusal }

const BAD = Symbol('refused')
type Bad = { [BAD]: string }
const bad = (name: string): Bad => ({ [BAD]: name })
const isBad = (value: unknown): value is Bad =>
  typeof value === 'object' && value !== null && BAD in value

function list(query: Query, name: string, max: number): string[] | null | Bad {
  const text = query[name]
  if (text === undefined || text === '') return null
  const items = text.split(',').map((item) => item.trim())
  return items.length > max ? bad(name) : items
}

function numbers(query: Query, name: string): string[] | null | Bad {
  const items = list(query, name, MAX_NUMBERS)
  if (items === null || isBad(items)) return items
  const e164 = items.map(toE164)
  return e164.includes(null) ? bad(name) : (e164 as string[])
}

/** `gte:<date>;lte:<date>` in Indian time, either half optional; at most one month, at most half a year back. */
function dates(query: Query, nowMs: number): { fromMs: number; toMs: number } | Bad {
  const text = query['DateCreated']
  let fromMs: number | null = null
  let toMs: number | null = null
  for (const part of text === undefined || text === '' ? [] : text.split(';')) {
    const match = /^(gte|lte):(.+)$/.exec(part.trim())
    const at = match ? parseIst(match[2] ?? '') : null
    if (at === null) return bad('DateCreated')
    if (match?.[1] === 'gte') fromMs = at
    // A second holds everything that happened in it: dates have no fractions here.
    else toMs = at + 999
  }
  const end = toMs ?? (fromMs === null ? nowMs : Math.min(nowMs, fromMs + DEFAULT_SPAN_MS))
  const start = fromMs ?? end - DEFAULT_SPAN_MS
  if (end - start > DEFAULT_SPAN_MS + DAY_MS || start < nowMs - OLDEST_MS) return bad('DateCreated')
  return { fromMs: start, toMs: end }
}

function pageSize(query: Query): number | Bad {
  const text = query['PageSize'] ?? String(DEFAULT_PAGE)
  const size = /^\d{1,4}$/.test(text) ? Number(text) : 0
  return size >= 1 && size <= MAX_PAGE ? size : bad('PageSize')
}

function statuses(query: Query): string[] | null | Bad {
  const items = list(query, 'Status', STATUSES.size)
  if (items === null || isBad(items)) return items
  return items.every((item) => STATUSES.has(item)) ? items : bad('Status')
}

/** Reads the query of the bulk list (Exotel's bulk-call-details page). */
export function parseListQuery(query: Query, nowMs: number): Outcome {
  const parts = {
    sids: list(query, 'Sid', MAX_SIDS),
    from: numbers(query, 'From'),
    to: numbers(query, 'To'),
    phone: numbers(query, 'PhoneNumber'),
    statuses: statuses(query),
    direction: list(query, 'Direction', 3),
    pageSize: pageSize(query),
    dates: dates(query, nowMs),
  }
  const refused = Object.values(parts).find(isBad)
  const sort = query['SortBy'] ?? 'DateCreated:desc'
  if (refused || !/^DateCreated:(asc|desc)$/.test(sort)) {
    const name = refused ? refused[BAD] : 'SortBy'
    return { kind: 'refused', refusal: refuse(400, `Invalid parameter: ${name}`) }
  }
  const { dates: span, ...rest } = parts as {
    [K in keyof typeof parts]: Exclude<(typeof parts)[K], Bad>
  }
  const { Before, After } = query
  const cursor =
    After !== undefined
      ? { kind: 'after' as const, sid: After }
      : Before !== undefined
        ? { kind: 'before' as const, sid: Before }
        : null
  return { kind: 'filter', filter: { ...rest, ...span, ascending: sort.endsWith('asc'), cursor } }
}

const includes = (allowed: readonly string[] | null, value: string): boolean =>
  allowed === null || allowed.includes(value)

export const matches = (filter: ListFilter, call: Call): boolean =>
  includes(filter.sids, call.sid) &&
  includes(filter.from, call.from) &&
  includes(filter.to, call.to) &&
  includes(filter.phone, call.phone) &&
  includes(filter.statuses, call.status) &&
  includes(filter.direction, callDirection(call)) &&
  call.createdAtMs >= filter.fromMs &&
  call.createdAtMs <= filter.toMs

export type Page = { calls: Call[]; total: number; before: string | null; after: string | null }

/** One page of the matching calls; `before` and `after` are the cursors of its neighbours. */
export function pageOf(calls: readonly Call[], filter: ListFilter): Page {
  const found = calls.filter((call) => matches(filter, call))
  const ordered = filter.ascending ? found : found.toReversed()
  const { cursor, pageSize: size } = filter
  const at = cursor ? ordered.findIndex((call) => call.sid === cursor.sid) : -1
  const start =
    cursor === null || at < 0 ? 0 : cursor.kind === 'after' ? at + 1 : Math.max(0, at - size)
  const end = cursor?.kind === 'before' && at >= 0 ? at : start + size
  const page = ordered.slice(start, end)
  return {
    calls: page,
    total: ordered.length,
    before: start > 0 ? (page[0]?.sid ?? null) : null,
    after: end < ordered.length ? (page.at(-1)?.sid ?? null) : null,
  }
}
