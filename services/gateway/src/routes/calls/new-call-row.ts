import type { PlaceCallBody } from '@callwire/contracts'
import type { calls } from '@callwire/db'
import type { NewCall } from './store-call.ts'

/** What a request says about how its call is to be placed, with what it leaves out. */
export function optionsOf(body: PlaceCallBody) {
  return {
    priority: body.priority ?? 0,
    record: body.record ?? false,
    timeLimitSeconds: body.timeLimit ?? null,
    allowConcurrent: body.allowConcurrent ?? false,
    scheduleAt: body.scheduleAt === undefined ? null : new Date(body.scheduleAt),
  }
}

/** The row of a call that has just been stored, as whoever reads it back would see it. */
export function newCallRow(
  call: NewCall,
  stored: { createdAt: Date; dueAt: Date },
): typeof calls.$inferSelect {
  return {
    tenantId: call.tenantId,
    id: call.callId,
    phoneId: call.phoneId,
    agentId: call.agentId,
    direction: 'outbound',
    personSealed: call.personSealed,
    personMasked: call.personMasked,
    personIndex: call.personIndex,
    status: 'queued',
    reasonCode: null,
    reasonMessage: null,
    sid: null,
    fence: 0,
    attempt: 1,
    priority: call.priority,
    record: call.record,
    timeLimitSeconds: call.timeLimitSeconds,
    allowConcurrent: call.allowConcurrent,
    metadataSealed: call.metadataSealed,
    createdAt: stored.createdAt,
    scheduleAt: call.scheduleAt,
    dueAt: stored.dueAt,
    dialingAt: null,
    dialedAt: null,
    unknownAt: null,
    answeredAt: null,
    endedAt: null,
    durationSeconds: null,
    heardAt: null,
    recordingUrlSealed: null,
    accountSid: null,
    rangFirst: null,
    legs: null,
    candidates: null,
    wordsErasedAt: null,
    numberErasedAt: null,
    personKid: null,
    metadataKid: null,
    recordingUrlKid: null,
  }
}
