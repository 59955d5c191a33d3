import { clientMessageSchema, type ClientMessage } from '@callwire/contracts'

export type Read = { kind: 'message'; message: ClientMessage } | { kind: 'bad'; topic?: string }

/** Parses what a consumer said. A pure function; what was said is never repeated. */
export function readMessage(text: string): Read {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { kind: 'bad' }
  }
  const parsed = clientMessageSchema.safeParse(value)
  if (parsed.success) return { kind: 'message', message: parsed.data }
  const topic =
    typeof value === 'object' && value !== null && 'topic' in value ? value.topic : undefined
  return typeof topic === 'string' && topic.length <= 64 ? { kind: 'bad', topic } : { kind: 'bad' }
}

/** What a topic's name means, or null when it means nothing. */
export function parseTopic(
  topic: string,
): { kind: 'board' } | { kind: 'call'; callId: string } | null {
  if (topic === 'calls') return { kind: 'board' }
  const callId = /^call:(cal_[0-9a-hjkmnp-tv-z]{24})$/.exec(topic)?.[1]
  return callId === undefined ? null : { kind: 'call', callId }
}
