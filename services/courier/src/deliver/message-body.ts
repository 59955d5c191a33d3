import type { Alert, CallEvent } from '@callwire/contracts'

/** What a message is about: a fact of a call, or an alert about none. */
export type Subject =
  { kind: 'event'; event: CallEvent } | { kind: 'alert'; type: string; atMs: number; alert: Alert }

/**
 * The body of a message: `{type, timestamp, data}`. For a fact, `data` is the event as every reader
 * gets it, with its place in the call (`seq`) and its proof; one that was erased comes without its
 * words. It is built when it is sent: what was erased after it was due does not go out.
 */
export function messageBody(subject: Subject): string {
  if (subject.kind === 'event') {
    const { event } = subject
    return JSON.stringify({ type: event.type, timestamp: event.at, data: event })
  }
  const { type, atMs, alert } = subject
  const { code, severity, message } = alert
  return JSON.stringify({
    type,
    timestamp: new Date(atMs).toISOString(),
    data: { code, severity, message },
  })
}
