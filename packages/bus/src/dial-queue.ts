import type { CallJob } from '@callwire/contracts'
import { busCall } from './bus-error.ts'
import type { BusConnection } from './connection.ts'
import { names } from './names.ts'
import type { OpenQueue } from './open-queue.ts'
import { createScript } from './script.ts'

/** A wake-up of the dialer: which call, and which of its wake-ups. */
export type DialJob = CallJob & { attempt: number }

export type DialQueue = {
  /**
   * Wakes a dialer for one attempt of a call, unless {@link SHORT_LINE} others wait already: then
   * the call is left to the relay, which lets tenants take turns. Resolves either way; a wake-up
   * that waits or runs is left alone.
   */
  wakeDialer(job: DialJob): Promise<void>
  /**
   * Wakes dialers for those of `jobs` that have no wake-up, in their order, until `most` wait. Gives
   * those that had one, and how many there was no room for.
   */
  relayDials(jobs: readonly DialJob[], most: number): Promise<Relayed>
}

export type Relayed = { known: DialJob[]; added: number; left: number }

/**
 * So many may wait before new calls line up in Postgres instead: few enough that whoever comes next
 * is reached in a moment, whatever one tenant pours in.
 */
export const SHORT_LINE = 50
/** How long one look at the line serves; it counts what is added meanwhile. */
const lookServesMs = 25

/** A wake-up that has run leaves nothing: what became of the call stands in Postgres alone. */
const jobOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true } as const

/** How many wait, and for each job's key whether it is there. */
const lookScript = `
local found = {}
for i = 2, #KEYS do found[i - 1] = redis.call('EXISTS', KEYS[i]) end
return { redis.call('LLEN', KEYS[1]), found }`

const keyOf = (name: string) => `${names.queuePrefix}:dial:${name}`

/** The line of calls to be dialed: first come, first served, and kept short by the relay. */
export function createDialQueue(conn: BusConnection, queue: OpenQueue<'dial'>): DialQueue {
  const ask = createScript(conn, lookScript)
  const look = async (jobs: readonly DialJob[]) => {
    const keys = [keyOf('wait'), ...jobs.map((job) => keyOf(jobIdOf(job)))]
    const [waiting, found] = (await ask(keys, [])) as [number, number[]]
    return { waiting, found }
  }
  const hasRoom = createShortLine(async () => (await look([])).waiting)

  return {
    wakeDialer: (job) =>
      busCall(async () => {
        if (!(await hasRoom())) return
        await queue.use((q) => q.add(q.name, idsOf(job), { ...jobOptions, jobId: jobIdOf(job) }))
      }),
    relayDials: (jobs, most) =>
      busCall(async () => {
        if (jobs.length === 0) return { known: [], added: 0, left: 0 }
        const { waiting, found } = await look(jobs)
        const known = jobs.filter((_, index) => found[index] === 1)
        const missing = jobs.filter((_, index) => found[index] !== 1)
        const added = missing.slice(0, Math.max(0, most - waiting))
        if (added.length > 0) {
          await queue.use((q) =>
            q.addBulk(
              added.map((job) => ({
                name: q.name,
                data: idsOf(job),
                opts: { ...jobOptions, jobId: jobIdOf(job) },
              })),
            ),
          )
        }
        return { known, added: added.length, left: missing.length - added.length }
      }),
  }
}

/**
 * Says whether one more may be added to a line that is to stay short. One look serves many callers
 * for a moment, each of whom counts as one more: a burst is no longer than the line may be.
 */
export function createShortLine(
  look: () => Promise<number>,
  nowMs: () => number = () => performance.now(),
): () => Promise<boolean> {
  let seen = { atMs: -Infinity, waiting: Promise.resolve(0), added: 0 }
  return async () => {
    if (nowMs() - seen.atMs >= lookServesMs) seen = { atMs: nowMs(), waiting: look(), added: 0 }
    const view = seen
    if ((await view.waiting) + view.added >= SHORT_LINE) return false
    view.added += 1
    return true
  }
}

function idsOf({ tenantId, callId }: DialJob): CallJob {
  return { tenantId, callId }
}

/** The same for the same wake-up, whoever adds it. BullMQ takes no colon and no bare number. */
function jobIdOf({ callId, attempt }: DialJob): string {
  return `${callId}-${attempt}`
}
