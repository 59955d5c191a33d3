import { calls } from '@callwire/db'
import type { ExotelAccount, ExotelCall } from '@callwire/exotel'
import { AppError, errorFields } from '@callwire/runtime'
import { and, eq, inArray, ne } from 'drizzle-orm'
import { heedAnswer, takeRequest } from '../account/account-budget.ts'
import type { Asking } from '../account/read-for-asking.ts'
import type { DialerDeps } from '../deps.ts'
import { openPersonNumber } from '../dial/build-request.ts'
import type { Candidate, Search } from './decide-reconcile.ts'
import { matchesCall, type CallMarks } from './matches-call.ts'

/** Exotel's clock and ours may differ by this much, and its dates are cut to seconds. */
const skewMs = 120_000
/** Of a hundred calls each, by the same phone within the same minutes: no phone makes so many. */
const mostPages = 10

const notNow: Search = { kind: 'unavailable', refused: false }
const unanswered: Search = { ...notNow, unanswered: true }

type Deps = Pick<
  DialerDeps,
  'database' | 'exotel' | 'budget' | 'contentRing' | 'settings' | 'clock' | 'log'
>

/**
 * Looks on Exotel's list for the call that an attempt may have placed: by the numbers and the
 * time of the attempt, and then by our call's id, which only call details v3 tell. The list's first
 * page has been taken from the account's budget; each of the other requests is taken here.
 */
export async function searchForCall(d: Deps, asking: Asking): Promise<Search> {
  const marks = marksOf(d, asking)
  if (asking.account === null || marks === null) return { kind: 'unavailable', refused: true }
  try {
    return await search(d, asking.account, asking.call.id, asking.call.tenantId, marks)
  } catch (error) {
    d.log.warn({ callId: asking.call.id, ...errorFields(error) }, 'search for a call failed')
    const refused = error instanceof AppError && !error.retryable
    return { kind: 'unavailable', refused }
  }
}

async function search(
  d: Deps,
  account: ExotelAccount,
  callId: string,
  tenantId: string,
  marks: CallMarks,
): Promise<Search> {
  const listed = await wholeList(d, account, marks)
  if (!Array.isArray(listed)) return listed
  const fitting = listed.filter((call) => matchesCall(call, marks))
  const taken = await sidsOfOthers(d, { tenantId, callId, listed: fitting })
  const candidates: Candidate[] = []
  for (const listed of fitting.filter(({ sid }) => !taken.has(sid))) {
    const take = await takeRequest(d, account.sid)
    if (!take.ok) return notNow
    const answer = await d.exotel.callDetailsV3(account, listed.sid)
    await heedAnswer(d, account.sid, answer)
    // Whose call it is will be told another time: until then it may be anybody's.
    if (answer.kind === 'unavailable') return unanswered
    if (answer.kind === 'rate_limited') return notNow
    const customField = answer.kind === 'found' ? answer.details.customField : null
    const { sid, status, createdAtMs, durationSeconds } = listed
    candidates.push({ sid, status, customField, createdAtMs, durationSeconds })
  }
  return { kind: 'searched', candidates }
}

/** All that Exotel lists between the attempt's numbers in its minutes, or why nobody can say. */
async function wholeList(
  d: Deps,
  account: ExotelAccount,
  { from, phoneNumber, createdFromMs, createdToMs }: CallMarks,
): Promise<ExotelCall[] | Search> {
  const filter = { from, phoneNumber, createdFromMs, createdToMs }
  const listed: ExotelCall[] = []
  let after: string | undefined
  for (let page = 1; page <= mostPages; page += 1) {
    if (page > 1 && !(await takeRequest(d, account.sid)).ok) return notNow
    const list = await d.exotel.listCalls(account, { ...filter, ...(after && { after }) })
    await heedAnswer(d, account.sid, list)
    if (list.kind === 'unavailable') return unanswered
    if (list.kind !== 'found') return { kind: 'unavailable', refused: list.kind === 'rejected' }
    listed.push(...list.calls)
    if (list.after === null) return listed
    after = list.after
  }
  // The call may be on a page that nobody looked at.
  return notNow
}

/** Null when nobody knows any more what to look for. */
function marksOf(d: Deps, asking: Asking): CallMarks | null {
  const { call, phoneNumber } = asking
  const person = openPersonNumber(d.contentRing, call)
  const agentNumber = rangFirst(asking)
  if (person === null || agentNumber === null || call.dialingAt === null) return null
  const isBridged = agentNumber !== ''
  const dialedAt = call.dialingAt.getTime()
  return {
    from: isBridged ? agentNumber : person,
    to: isBridged ? person : null,
    phoneNumber,
    createdFromMs: dialedAt - skewMs,
    createdToMs: dialedAt + d.settings.dialTimeoutMs + skewMs,
  }
}

/**
 * The number of the agent whom the attempt rang first, '' where that was the person. Attempts of
 * before this was written down go by the agent as it is now; null when that one is gone.
 */
function rangFirst({ call, agent }: Asking): string | null {
  if (call.rangFirst !== null) return call.rangFirst
  if (agent === null) return null
  return agent.kind === 'human' ? agent.number : ''
}

/** Sids that other calls we placed carry already; an inbound one may have ours by mistake. */
async function sidsOfOthers(
  d: Deps,
  o: { tenantId: string; callId: string; listed: readonly ExotelCall[] },
): Promise<Set<string>> {
  if (o.listed.length === 0) return new Set()
  const sids = o.listed.map(({ sid }) => sid)
  const rows = await d.database.withTenant(o.tenantId, (tx) =>
    tx
      .select({ sid: calls.sid })
      .from(calls)
      .where(
        and(
          eq(calls.tenantId, o.tenantId),
          eq(calls.direction, 'outbound'),
          ne(calls.id, o.callId),
          inArray(calls.sid, sids),
        ),
      ),
  )
  return new Set(rows.flatMap(({ sid }) => sid ?? []))
}
