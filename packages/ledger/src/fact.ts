import { eventData, type EventData, type EventType } from '@callwire/contracts'
import type { Sealed } from '@callwire/crypto'
import type { MaskedSpan, MaskedText } from '@callwire/masking'
import { canonicalText } from './chain.ts'
import { LedgerError } from './ledger-error.ts'

/** Data as a producer must give it: words only after they were masked. */
type FactData<T extends EventType> = T extends 'transcript.final'
  ? Omit<EventData<T>, 'text' | 'masked'> & { text: MaskedText; masked: readonly MaskedSpan[] }
  : EventData<T>

/**
 * A fact to append. `secret` is what it hides (original words, the digit pressed), already sealed
 * under the call's data key; it is stored beside the event and never published.
 */
export type NewFact = {
  [T in EventType]: {
    type: T
    data: FactData<T>
    secret?: { field: string; sealed: Sealed }
  }
}[EventType]

/** The fact's data as RFC 8785 text. Throws LedgerError `invalid_fact` when its shape is not its type's. */
export function textOfFact(fact: NewFact): string {
  const parsed = eventData[fact.type].safeParse(fact.data)
  if (!parsed.success) throw new LedgerError('invalid_fact')
  try {
    return canonicalText(parsed.data)
  } catch {
    throw new LedgerError('invalid_fact')
  }
}
