import type { Queues } from '@callwire/bus'
import { phoneCheckSchema, success } from '@callwire/contracts'
import { phoneChecks, type Database } from '@callwire/db'
import type { Clock } from '@callwire/runtime'
import { eq } from 'drizzle-orm'
import { ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import type { NewId } from '../../new-id.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { limitChecks } from './check-limit.ts'
import { noAnswer, refusalOf } from './check-answer.ts'
import { findPhone, requireAccount } from './find-phone.ts'

/**
 * From the request to "no answer". People wait for 10 s at most, and the server cuts a handler off
 * then; the last look at the row and the answer itself take their part of that. The dialer gives
 * up a second before.
 */
const waitMs = 9_000
/** Exotel answers in about a second: a look more or less is not felt, and costs one row. */
const lookEveryMs = 150

/**
 * Asks Exotel, by way of a dialer, whether a phone's credentials work: this process cannot open
 * them.
 */
export function checkPhone(deps: {
  database: Pick<Database, 'withTenant'>
  queues: Pick<Queues, 'wakeCheck'>
  clock: Pick<Clock, 'monotonicMs' | 'sleep'>
  newId: NewId
  audit: RecordAudit
  globalFallback: boolean
}) {
  /** The answered check; null when nobody answered in time. */
  async function answerTo(tenantId: string, checkId: string, deadline: number) {
    for (;;) {
      const [row] = await deps.database.withTenant(tenantId, (tx) =>
        tx.select().from(phoneChecks).where(eq(phoneChecks.id, checkId)),
      )
      const { state, finishedAt } = row ?? { state: 'pending', finishedAt: null }
      if (row !== undefined && state !== 'pending' && finishedAt !== null) {
        return { ...row, state, finishedAt }
      }
      if (deps.clock.monotonicMs() >= deadline) return null
      await deps.clock.sleep(lookEveryMs)
    }
  }

  return route({
    method: 'POST',
    path: '/phones/:id/check',
    access: 'phones:write',
    tag: 'phones',
    summary: "Ask Exotel whether a phone's credentials work",
    description:
      'Answers within 10 s; costs at most two requests of the account. Refused credentials are 400 `provider_auth`. The breaker stays as it is.',
    params: idParams,
    replies: {
      200: success({ check: phoneCheckSchema }).meta({ description: 'Exotel takes them' }),
    },
    handle: async ({ principal, params }) => {
      const { tenantId } = principal
      const deadline = deps.clock.monotonicMs() + waitMs
      const checkId = deps.newId('phoneCheck')
      await deps.database.withTenant(tenantId, async (tx) => {
        const phone = await findPhone(tx, params.id)
        await requireAccount(tx, phone.id, deps)
        await limitChecks(tx, tenantId)
        await tx.insert(phoneChecks).values({ tenantId, id: checkId, phoneId: phone.id })
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'phone.check_asked',
          target: { kind: 'phone', id: phone.id },
          details: { checkId },
        })
      })
      await deps.queues.wakeCheck({ tenantId, checkId })
      const answer = await answerTo(tenantId, checkId, deadline)
      if (answer === null) throw noAnswer()
      const refusal = refusalOf(answer)
      if (refusal !== null) throw refusal
      const { finishedAt, activeStreams: active, streamLimit: limit } = answer
      return ok(200, {
        check: {
          ok: true,
          checkedAt: finishedAt.toISOString(),
          activeStreams: active === null ? null : { active, limit },
        },
      })
    },
  })
}
