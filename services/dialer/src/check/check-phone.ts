import type { CheckJob } from '@callwire/contracts'
import { phoneChecks } from '@callwire/db'
import { ExotelError } from '@callwire/exotel'
import { errorFields } from '@callwire/runtime'
import { and, eq, sql } from 'drizzle-orm'
import { heedAnswer } from '../account/account-budget.ts'
import { integrityAlert } from '../account/integrity-alert.ts'
import { openAccount } from '../account/phone-account.ts'
import type { DialerDeps } from '../deps.ts'
import { raiseTenantAlert } from '../raise-tenant-alert.ts'
import { unlessCut } from '../unless-cut.ts'
import { askStreams } from './ask-streams.ts'
import { decideCheck, type CheckResult } from './decide-check.ts'
import { beginCheck, readCheck } from './read-check.ts'

type Deps = Pick<
  DialerDeps,
  | 'database'
  | 'budget'
  | 'exotel'
  | 'credentialRing'
  | 'globalAccount'
  | 'clock'
  | 'random'
  | 'log'
  | 'metrics'
  | 'stopping'
  | 'cutting'
>

/**
 * From the asking to the answer. Whoever asked waits for 9 s and is then told that nobody answered,
 * so that a later answer would cost a request for nothing.
 */
export const CHECK_WITHIN_MS = 8_000
/** With less than this left a request to Exotel, which takes about a second, is not begun. */
const shortestAskMs = 1_000

/**
 * Asks Exotel whether a phone's credentials work. Its breaker is left as it is: that judges dials.
 * Never rejects: a check without an answer is one that its asker stops waiting for.
 */
export async function checkPhone(d: Deps, { tenantId, checkId }: CheckJob): Promise<void> {
  try {
    const result = await ask(d, { tenantId, checkId }).catch((error: unknown): CheckResult => {
      d.log.warn({ checkId, ...errorFields(error) }, 'credentials could not be checked')
      return unavailable
    })
    if (result === null) return
    const answer = decideCheck(result)
    d.metrics.check(answer.code ?? 'ok')
    d.log.info({ checkId, outcome: answer.code ?? 'ok' }, 'credentials checked')
    await d.database.withTenant(tenantId, (tx) =>
      tx
        .update(phoneChecks)
        .set({ ...answer, finishedAt: sql`now()` })
        .where(
          and(
            eq(phoneChecks.tenantId, tenantId),
            eq(phoneChecks.id, checkId),
            eq(phoneChecks.state, 'pending'),
          ),
        ),
    )
  } catch (error) {
    d.log.warn({ checkId, ...errorFields(error) }, 'answer to a check not written')
  }
}

const unavailable: CheckResult = { kind: 'unavailable', reason: 'timeout' }

/** Null when nobody waits for an answer any more. */
async function ask(d: Deps, job: CheckJob): Promise<CheckResult | null> {
  const begunAt = d.clock.monotonicMs()
  const check = await readCheck(d, job)
  if (check === null || check.ageMs >= CHECK_WITHIN_MS) return null
  if (!check.hasPhone) return { kind: 'no_phone' }
  if (check.account === null) return { kind: 'no_credentials' }
  if (d.stopping.aborted) return unavailable
  const take = await d.budget.take(check.account.sid)
  if (!take.ok) return { kind: 'over_budget', retryAfterMs: take.retryAfterMs, why: take.why }
  const request = { accountSid: check.account.sid, id: take.id }
  const { account, phoneId } = (await beginCheck(d, job, request)) ?? {}
  // Replaced in this very moment, and perhaps by another account, whose budget this was not.
  if (account === undefined || phoneId === undefined) return unavailable
  const opened = openAccount(d, { tenantId: job.tenantId, phoneId }, account)
  if (opened === null) {
    await raiseTenantAlert(d, job.tenantId, {
      alert: integrityAlert,
      about: { phoneId, checkId: job.checkId },
    })
    return { kind: 'seal_broken' }
  }
  const leftMs = () => CHECK_WITHIN_MS - check.ageMs - (d.clock.monotonicMs() - begunAt)
  const timeoutMs = leftMs()
  if (timeoutMs < shortestAskMs) return unavailable
  try {
    const answer = d.exotel.checkCredentials(opened, { timeoutMs })
    const result = await unlessCut<CheckResult>(answer, d.cutting, unavailable)
    await heedAnswer(d, opened.sid, result)
    if (result.kind !== 'accepted') return result
    return { ...result, streams: await askStreams(d, opened, { leftMs: leftMs() }) }
  } catch (error) {
    if (error instanceof ExotelError) return { kind: 'unsendable' }
    throw error
  }
}
