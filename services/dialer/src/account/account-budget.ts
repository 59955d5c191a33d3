import type { BudgetAnswer, TakeOptions } from '@callwire/bus'
import { accountRequests, type Tx } from '@callwire/db'
import { errorFields } from '@callwire/runtime'
import { and, eq, sql } from 'drizzle-orm'
import type { DialerDeps } from '../deps.ts'
import { holdMsOf } from './hold-ms.ts'

/** A request that an account's budget has given. */
export type TakenRequest = { accountSid: string; id: string }

/** Written with what allows the request, in the same transaction: what refills a Redis that forgot. */
export async function recordRequest(tx: Tx, request: TakenRequest): Promise<void> {
  await tx.insert(accountRequests).values(request)
}

/** What the account was asked lately, for a budget that is asked within a transaction. */
export async function recentRequests(
  tx: Tx,
  accountSid: string,
  withinMs: number,
): Promise<{ id: string; ageMs: number }[]> {
  return tx
    .select({
      id: accountRequests.id,
      ageMs: sql<number>`(extract(epoch from clock_timestamp() - ${accountRequests.at}) * 1000)::float8`,
    })
    .from(accountRequests)
    .where(
      and(
        eq(accountRequests.accountSid, accountSid),
        sql`${accountRequests.at} > clock_timestamp() - ${withinMs} * interval '1 millisecond'`,
      ),
    )
}

/** Takes a request that no transaction goes with, and writes it down. */
export async function takeRequest(
  d: Pick<DialerDeps, 'budget' | 'database'>,
  accountSid: string,
  o?: TakeOptions,
): Promise<BudgetAnswer> {
  const answer = await d.budget.take(accountSid, o)
  if (answer.ok) await d.database.accountRequests.add(accountSid, answer.id)
  return answer
}

/** Heeds an answer of Exotel that asks the account to slow down; every other says nothing of that. */
export async function heedAnswer(
  d: Pick<DialerDeps, 'budget' | 'log'>,
  accountSid: string,
  answer: { kind: string; retryAfterMs?: number | null },
): Promise<void> {
  if (answer.kind !== 'rate_limited') return
  await holdAccount(d, accountSid, answer.retryAfterMs ?? null)
}

/** Has everybody who would ask the account wait as well. Never rejects: each of them would be told. */
export async function holdAccount(
  d: Pick<DialerDeps, 'budget' | 'log'>,
  accountSid: string,
  retryAfterMs: number | null,
): Promise<void> {
  const ms = holdMsOf(retryAfterMs)
  if (ms === 0) return
  try {
    await d.budget.hold(accountSid, ms)
    d.log.info({ accountSid, ms }, 'account asked to slow down')
  } catch (error) {
    d.log.warn({ accountSid, ...errorFields(error) }, 'account could not be held')
  }
}
