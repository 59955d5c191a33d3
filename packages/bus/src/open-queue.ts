import { errorFields } from '@callwire/runtime'
import { Queue } from 'bullmq'
import { BusError } from './bus-error.ts'
import type { BusConnection } from './connection.ts'
import type { JobOf } from './job.ts'
import { names, type QueueName } from './names.ts'

type IdsQueue<Ids> = Queue<Ids, undefined, string, Ids, undefined, string>

export type OpenQueue<Name extends QueueName> = {
  /** Runs `work` on the queue; rejects at once while Redis is away. */
  use<T>(work: (queue: IdsQueue<JobOf<Name>>) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/**
 * A queue to add to. The library's own never works when it lost Redis while it began: then another
 * one takes its place, and the next use is the other one's.
 */
export function openQueue<Name extends QueueName>(
  conn: BusConnection,
  name: Name,
): OpenQueue<Name> {
  const make = () => {
    const queue: IdsQueue<JobOf<Name>> = new Queue(name, {
      connection: conn.command,
      prefix: names.queuePrefix,
      skipMetasUpdate: true,
    })
    queue.on('error', (error) =>
      conn.log.debug({ queue: name, ...errorFields(error) }, 'queue fault'),
    )
    return { queue, ready: false }
  }
  let current = make()

  const readied = async () => {
    const mine = current
    if (mine.ready) return mine.queue
    if (conn.command.status !== 'ready') {
      throw new BusError('unavailable', 'Redis does not answer.')
    }
    try {
      await mine.queue.waitUntilReady()
    } catch (error) {
      if (current === mine) {
        current = make()
        mine.queue.close().catch(() => undefined)
      }
      throw error
    }
    mine.ready = true
    return mine.queue
  }
  return {
    use: async (work) => work(await readied()),
    close: () => current.queue.close(),
  }
}
