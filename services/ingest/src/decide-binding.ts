import type { Direction } from '@callwire/contracts'
import type { Admission } from './admission.ts'

/** What binding needs to know of a call. */
export type KnownCall = {
  tenantId: string
  callId: string
  phoneId: string
  direction: Direction
  /** Exotel's name for the call, once it is known. */
  sid: string | null
}

/** What was found for the names that `start` holds. */
export type BindingFacts = {
  admission: Admission
  /** `start.call_sid`. */
  callSid: string | null
  /** The call of a call's own credentials; null when it is gone. */
  own: KnownCall | null
  /** The calls whose ids stand in `custom_parameters`, as key or value. */
  named: readonly KnownCall[]
  bySid: KnownCall | null
  /** A call without a sid is being placed, so an unknown sid may be its. */
  isPlacing: boolean
  mayWait: boolean
}

export type Binding =
  | { kind: 'bind'; call: KnownCall }
  | { kind: 'inbound'; tenantId: string; phoneId: string }
  | { kind: 'wait' }
  | { kind: 'refuse'; reason: 'identity' | 'unknown_call' }

const identity: Binding = { kind: 'refuse', reason: 'identity' }
const unknownCall: Binding = { kind: 'refuse', reason: 'unknown_call' }

/**
 * Which call a media socket belongs to: by its token, else by a call id of ours in
 * `custom_parameters`, else by `start.call_sid`; failing that, a new inbound call on the phone of
 * its credentials. Every name that is known must mean the same call, and one that the credentials
 * reach. A sid that nobody knows speaks against no call: a leg may have one of its own.
 */
export function decideBinding(facts: BindingFacts): Binding {
  const { admission, bySid, named } = facts
  if (admission.kind === 'call' && facts.own === null) return unknownCall
  const claimed = [facts.own, ...named, bySid].filter((call) => call !== null)
  const [call] = claimed
  if (call === undefined) return decideUnknown(facts)
  const agree = claimed.every((other) => isSame(other, call))
  if (!agree || !reaches(admission, call)) return identity
  // The address alone proves little, so it needs the name that only Exotel and we know.
  if (admission.kind === 'address' && bySid === null) return decideUnknown(facts)
  return { kind: 'bind', call }
}

function decideUnknown({ admission, callSid, isPlacing, mayWait }: BindingFacts): Binding {
  if (callSid !== null && isPlacing && mayWait) return { kind: 'wait' }
  if (admission.kind !== 'phone') return unknownCall
  return { kind: 'inbound', tenantId: admission.tenantId, phoneId: admission.phoneId }
}

function isSame(a: KnownCall, b: KnownCall): boolean {
  return a.tenantId === b.tenantId && a.callId === b.callId
}

function reaches(admission: Admission, call: KnownCall): boolean {
  switch (admission.kind) {
    case 'call':
      return call.tenantId === admission.tenantId && call.callId === admission.callId
    case 'phone':
      return call.tenantId === admission.tenantId && call.phoneId === admission.phoneId
    case 'address':
      return call.direction === 'outbound'
  }
}
