import type { CallJob } from '@callwire/contracts'
import { errorFields } from '@callwire/runtime'
import type { Askable } from '../account/read-for-asking.ts'
import type { DialerDeps } from '../deps.ts'
import { forEachCall } from '../for-each-call.ts'
import { createLines, type Asked, type Seat } from './lines.ts'
import { createRests, createSilence, hostName } from './rests.ts'

/** What came of a question: `nothing` was asked, or the account has no request to spare for a while. */
export type Answered = 'answered' | 'unanswered' | 'nothing' | { waitMs: number }

export type Questions = {
  /** Calls that it is time to ask about, those that wait the longest first. */
  find(): Promise<CallJob[]>
  /** The call as it is now; null when there is nothing to ask about it any more. */
  read(job: CallJob): Promise<Askable | null>
  /** Asks, and does what the answer says. */
  ask(askable: Askable): Promise<Answered>
  /** What becomes of a call whose account did not answer for some time, and is not asked now. */
  leave?(askable: Askable): Promise<void>
}

type Deps = Pick<DialerDeps, 'clock' | 'log'>

/** A look takes up what it finds in this time; what is left comes with the next one. */
const lookMs = 2_000
/** While answers are waited for, others are looked for this often. */
const betweenLooksMs = 500
/** So long an account keeps its seat when others wait for one. */
const turnMs = 2_000
/** So often in a row an account, or a host, does not answer before that is no accident. */
const noAccident = 3
/** The call whose account's line is full. */
const fullLineRestMs = 5_000

/**
 * Asks Exotel about calls, fairly between accounts: one that hangs has no other wait for it. Call
 * the result every round; it goes on looking for calls as long as answers are waited for.
 */
export function createAsker(d: Deps, q: Questions): (ending: AbortSignal) => Promise<void> {
  const rests = createRests(d.clock)
  const silence = createSilence(d.clock)
  const inDoubt = ({ key, host }: Asked) =>
    silence.inARow(key) > 0 || (host !== null && silence.inARow(hostName(host)) >= noAccident)
  const lines = createLines(inDoubt)
  const asking = new Set<string>()
  const seated = new Set<Promise<void>>()

  const restAll = (asked: Asked, ms: number) => {
    for (const { callId } of lines.drop(asked)) rests.rest(callId, ms)
  }

  const askOne = async (asked: Asked, job: CallJob) => {
    const askable = await q.read(job)
    // With another account by now, it comes with the next look.
    if (askable === null || askedOf(askable).key !== asked.key) return
    const answered = await q.ask(askable)
    if (answered === 'answered') silence.answered(asked)
    if (answered === 'unanswered') silence.unanswered(asked)
    if (typeof answered === 'object') {
      rests.rest(job.callId, answered.waitMs)
      restAll(asked, answered.waitMs)
    }
  }

  const sit = async (seat: Seat, ending: AbortSignal) => {
    const { asked } = seat
    const until = d.clock.monotonicMs() + turnMs
    while (!ending.aborted && silence.restMs(asked.key) === 0) {
      if (d.clock.monotonicMs() >= until && lines.othersWait(seat)) break
      const job = lines.next(seat)
      if (job === null) break
      asking.add(job.callId)
      try {
        await askOne(asked, job)
      } catch (error) {
        d.log.warn({ callId: job.callId, ...errorFields(error) }, 'question about a call failed')
      } finally {
        asking.delete(job.callId)
      }
    }
    const restMs = silence.restMs(asked.key)
    if (restMs > 0) restAll(asked, restMs)
    lines.leave(seat)
    fillSeats(ending)
  }

  const fillSeats = (ending: AbortSignal) => {
    while (!ending.aborted) {
      const seat = lines.seat()
      if (seat === null) return
      const sitting = sit(seat, ending).finally(() => seated.delete(sitting))
      seated.add(sitting)
    }
  }

  const look = async (ending: AbortSignal) => {
    const found = await q.find()
    const known = ({ callId }: CallJob) =>
      rests.rests(callId) || asking.has(callId) || lines.isWaiting(callId)
    const until = d.clock.monotonicMs() + lookMs
    const fresh = found.filter((job) => !known(job))
    await forEachCall(fresh, d.log, async (job) => {
      if (ending.aborted || d.clock.monotonicMs() >= until) return
      const askable = await q.read(job)
      if (askable === null) return
      const asked = askedOf(askable)
      const restMs = silence.restMs(asked.key)
      if (restMs > 0) {
        rests.rest(job.callId, restMs)
        if (silence.inARow(asked.key) >= noAccident) await q.leave?.(askable)
      } else if (lines.add(asked, job)) {
        fillSeats(ending)
      } else {
        rests.rest(job.callId, fullLineRestMs)
      }
    })
  }

  return async (ending) => {
    do {
      await look(ending)
      await Promise.race([pause(d, ending), Promise.all(seated)])
    } while (seated.size > 0 && !ending.aborted)
    await Promise.all(seated)
  }
}

function askedOf({ call, accountSid, host }: Askable): Asked {
  if (accountSid === null) return { key: `none of ${call.tenantId}`, host }
  // Whoever names the account of another at a host of their own says nothing about that one.
  return { key: `${accountSid} at ${host}`, host }
}

async function pause(d: Deps, ending: AbortSignal): Promise<void> {
  try {
    await d.clock.sleep(betweenLooksMs, ending)
  } catch {
    // Only an abort ends a sleep early, and the loop's condition sees it.
  }
}
