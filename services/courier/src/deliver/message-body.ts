import type { Alert, CallEvent } from '@callwire/contracts'

/** What a message is about: a fact of a call, or an alert about none. */
export type Subject =
  { kind: 'event'; event: CallEvent } | { kind: 'alert'; type: string; atMs: number; alert: Alert }

/**
 * The body of a message: `{type, timestamp, data}`, where `data` is what every reader gets: of a fact
 * the event, with its place in the call (`seq`) and its proof, without its words once it was erased;
 * of an alert about no call its `type`, `at` and `data` alone. It is built when it is sent: what was
 * erased after it was due does not go out.
 */
export function messageBody(subject: Subject): string {
  if (subject.kind === 'event') {
    const { event } = subject
    return JSON.stringify({ type: event.type, timestamp: event.at, data: event })
  }
  const { type, atMs, alert } = subject
  const { code, severity, message } = alert
  const at = new Date(atMs).toISOString()
  const data = { type, at, data: { code, severity, message } }
  return JSON.stringify({ type, timestamp: at, data })
}
