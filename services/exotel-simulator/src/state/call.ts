/** Exotel's words for where a call is. */
export type CallStatus =
  'queued' | 'ringing' | 'in-progress' | 'completed' | 'busy' | 'no-answer' | 'failed' | 'canceled'

export type TerminalStatus = Exclude<CallStatus, 'queued' | 'ringing' | 'in-progress'>

export type CallbackEvent = 'answered' | 'terminal' | 'ringing'

/** Which of the three modes of `Calls/connect` placed the call; `inbound` was placed by a person. */
export type CallMode = 'two-numbers' | 'flow' | 'stream' | 'inbound'

export type CallbackRequest = {
  url: string
  events: readonly CallbackEvent[]
  contentType: 'multipart/form-data' | 'application/json'
}

export type Leg = {
  status: CallStatus | null
  answeredAtMs: number | null
  endedAtMs: number | null
}

/** What was asked for: everything that does not change after the call was placed. Numbers are E.164. */
export type CallOrder = {
  mode: CallMode
  accountSid: string
  /** Whoever is rung first (outbound), or the caller (inbound). */
  from: string
  /** The second number, or the ExoPhone where there is none. */
  to: string
  /** The ExoPhone. */
  phone: string
  appId: string | null
  streamUrl: string | null
  streamBegin: 'Leg1Connect' | 'Leg2Connect' | null
  customField: string | null
  timeLimitSeconds: number
  timeOutSeconds: number | null
  record: boolean
  callback: CallbackRequest | null
  scriptName: string | null
}

export type Call = CallOrder & {
  sid: string
  status: CallStatus
  createdAtMs: number
  updatedAtMs: number
  answeredAtMs: number | null
  endedAtMs: number | null
  legs: [Leg, Leg | null]
}

export const TERMINAL: ReadonlySet<CallStatus> = new Set([
  'completed',
  'busy',
  'no-answer',
  'failed',
  'canceled',
])

/** Whole seconds from the first answer to the end, 0 for a call nobody answered. */
export function talkSeconds(leg: Leg | null): number {
  if (leg?.answeredAtMs == null || leg.endedAtMs === null) return 0
  return Math.floor((leg.endedAtMs - leg.answeredAtMs) / 1000)
}
