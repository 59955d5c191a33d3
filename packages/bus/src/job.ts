import { queueIds, type QueueName } from './names.ts'

/** What a queue's jobs are: the ids of a tenant and of one thing of it, and nothing else. */
export type JobOf<Queue extends QueueName> = { tenantId: string } & Record<
  (typeof queueIds)[Queue],
  string
>

/** The ids in a job's data, without anything else that may stand there; null when one is missing. */
export function readJob<Queue extends QueueName>(queue: Queue, data: unknown): JobOf<Queue> | null {
  const name = queueIds[queue]
  const tenantId = idIn(data, 'tenantId')
  const id = idIn(data, name)
  if (tenantId === null || id === null) return null
  // Built from the very name by which the type is made.
  return { tenantId, [name]: id } as JobOf<Queue>
}

function idIn(data: unknown, name: string): string | null {
  if (typeof data !== 'object' || data === null) return null
  const value: unknown = Reflect.get(data, name)
  return typeof value === 'string' ? value : null
}
