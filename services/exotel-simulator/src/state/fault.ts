import { z } from 'zod'
import { scopeShape } from './scope.ts'

const ms = z.int().min(0).max(3_600_000)
const index = z.int().min(0).max(0xffffff)
const scope = {
  ...scopeShape,
  /** How often it strikes: requests for API faults, calls for the others. */
  times: z.union([z.int().min(1).max(1_000_000), z.literal('always')]).default(1),
  /** How likely it strikes where it could; what it spares is not counted. */
  chance: z.number().min(0).max(1).default(1),
}
const api = {
  ...scope,
  /** Which requests: those that place calls, those that only read, or both. */
  on: z.enum(['connect', 'read', 'any']).default('connect'),
}
const call = { ...scope, callSid: z.string().max(64).optional() }
/** A fault of one kind of callback leaves the others alone. */
const callback = { ...call, event: z.enum(['answered', 'terminal', 'ringing']).optional() }
/** Whether wire numbers go on as if nothing had happened (the audio is damaged) or show it (a message is). */
const frame = { ...call, index, renumber: z.boolean().default(true) }

const apiFaults = [
  z.strictObject({ kind: z.literal('unauthorized'), ...api }),
  z.strictObject({ kind: z.literal('forbidden'), ...api, message: z.string().max(500).optional() }),
  z.strictObject({
    kind: z.literal('rate_limited'),
    ...api,
    retryAfterSeconds: z.int().min(0).max(3600).optional(),
  }),
  z.strictObject({
    kind: z.literal('server_error'),
    ...api,
    placed: z.boolean().default(false),
    status: z.int().min(500).max(599).default(500),
  }),
  z.strictObject({ kind: z.literal('slow'), ...api, ms }),
  z.strictObject({ kind: z.literal('cut'), ...api }),
  z.strictObject({ kind: z.literal('cut_before'), ...api }),
  z.strictObject({ kind: z.literal('malformed'), ...api }),
  z.strictObject({
    kind: z.literal('redirect'),
    ...api,
    status: z.union([z.literal(301), z.literal(302), z.literal(307), z.literal(308)]).default(302),
    location: z.url().optional(),
  }),
] as const

const callbackFaults = [
  z.strictObject({ kind: z.literal('early'), ...call }),
  z.strictObject({ kind: z.literal('late'), ...callback, ms }),
  z.strictObject({ kind: z.literal('twice'), ...callback }),
  z.strictObject({ kind: z.literal('reordered'), ...call }),
  z.strictObject({ kind: z.literal('missing'), ...callback }),
  z.strictObject({ kind: z.literal('null_status'), ...callback }),
] as const

const mediaFaults = [
  z.strictObject({ kind: z.literal('media_cut'), ...call, afterMs: ms }),
  z.strictObject({ kind: z.literal('stall'), ...call, afterMs: ms, ms: ms.default(3000) }),
  z.strictObject({ kind: z.literal('no_connected'), ...call }),
  z.strictObject({ kind: z.literal('no_stop'), ...call }),
  /** Not what Exotel does by itself: a flow that comes to its stream again, `afterMs` after the socket was lost. */
  z.strictObject({ kind: z.literal('comes_back'), ...call, afterMs: ms.default(1000) }),
  z.strictObject({ kind: z.literal('frame_altered'), ...frame }),
  z.strictObject({ kind: z.literal('frame_dropped'), ...frame }),
  z.strictObject({ kind: z.literal('frame_doubled'), ...frame }),
  z.strictObject({ kind: z.literal('frame_swapped'), ...frame }),
  /** `attempts` 1: the one retry succeeds; 2: the stream never comes up. */
  z.strictObject({
    kind: z.literal('handshake_fail'),
    ...call,
    attempts: z.int().min(1).max(2).default(1),
  }),
] as const

const union = z.discriminatedUnion('kind', [...apiFaults, ...callbackFaults, ...mediaFaults])

/** `cut` with `afterMs` cuts the media socket, without it the reply of an API request. */
function nameCut(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || !('kind' in input)) return input
  return input.kind === 'cut' && 'afterMs' in input ? { ...input, kind: 'media_cut' } : input
}

export const FaultSchema = z.preprocess(nameCut, union)
export type FaultSpec = z.output<typeof union>
export type FaultKind = FaultSpec['kind']
export type FaultOf<K extends FaultKind> = Extract<FaultSpec, { kind: K }>
export type ApiFault = z.output<(typeof apiFaults)[number]>
export type CallFault = Exclude<FaultSpec, ApiFault>

const API_KINDS: ReadonlySet<string> = new Set(apiFaults.map((fault) => fault.shape.kind.value))

export const isApiFault = (fault: FaultSpec): fault is ApiFault => API_KINDS.has(fault.kind)
