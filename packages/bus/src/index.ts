export { audioHeader, type AudioBlockEntry, type AudioEntry } from './audio-entry.ts'
export { createAudioStreams, type AudioStreams } from './audio-streams.ts'
export {
  createBudget,
  type Budget,
  type BudgetAnswer,
  type BudgetPlace,
  type RequestHistory,
  type TakeOptions,
} from './budget.ts'
export { BusError, type BusErrorCode } from './bus-error.ts'
export { connectRedis, type BusConnection } from './connection.ts'
export { SHORT_LINE, type DialJob, type Relayed } from './dial-queue.ts'
export {
  createDoorbellSubscriber,
  type DoorbellListener,
  type DoorbellSubscriber,
} from './doorbell-subscriber.ts'
export { createDoorbell, type Doorbell, type DoorbellMessage } from './doorbell.ts'
export { createLeases, type Leases } from './leases.ts'
export type { JobOf } from './job.ts'
export { type QueueName } from './names.ts'
export { createQueues, type Queues } from './queues.ts'
export { requireNoEviction } from './require-no-eviction.ts'
export { createRevocations, type Revocation, type Revocations } from './revocations.ts'
export { createTickets, type TicketPayload, type Tickets } from './tickets.ts'
export { work } from './work.ts'
