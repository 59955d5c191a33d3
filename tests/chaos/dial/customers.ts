import { randomInt, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, type Answer } from './http.ts'
import type { Line } from './tenants.ts'

/** A call that a customer was promised: the answer was 202. */
export type Order = {
  callId: string
  tenantId: string
  /** The person's number, which no other order has. */
  number: string
  acceptedAtMs: number
  /** Every id that requests with this order's key were answered. */
  ids: readonly string[]
  /** Whether a cancellation was answered with 200. */
  canceled: boolean
}

export type Orders = {
  accepted: readonly Order[]
  /** Orders that were refused, or not answered at all: none, unless something is wrong. */
  refused: readonly string[]
}

/** Requests at once; more only queue in the gateway. */
const lanes = 12
/** A customer's own patience: longer than any outage here. */
const patienceMs = 120_000
const share = { canceled: 0.05, doubled: 0.06, scheduled: 0.06, ofFirstLine: 0.1 }

/** On a machine that cannot keep the pace, orders end after this many times the time they were to take. */
const longestPace = 2

/** Orders calls at an even pace, and asks again and again with the same key until there is an answer. */
export async function orderCalls(
  gatewayUrl: string,
  lines: readonly Line[],
  o: { calls: number; seconds: number; signal: AbortSignal },
): Promise<Orders> {
  const accepted: Order[] = []
  const refused: string[] = []
  const startedAt = performance.now()
  let next = 0
  const lane = async () => {
    while (next < o.calls) {
      const n = next++
      const dueAt = startedAt + (n / o.calls) * o.seconds * 1000
      await pause(dueAt - performance.now(), o.signal)
      if (performance.now() - startedAt > o.seconds * 1000 * longestPace) return
      const line = lines[Math.random() < share.ofFirstLine ? 0 : n % lines.length]
      if (line === undefined || o.signal.aborted) return
      try {
        accepted.push(await orderCall(gatewayUrl, line, n, o.signal))
      } catch (error) {
        refused.push(error instanceof Error ? error.message : 'unknown')
      }
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return { accepted, refused }
}

async function orderCall(
  gatewayUrl: string,
  line: Line,
  n: number,
  signal: AbortSignal,
): Promise<Order> {
  const number = `+91986${String(n).padStart(7, '0')}`
  const scheduled = Math.random() < share.scheduled
  const body = {
    phoneId: line.phoneId,
    to: number,
    priority: randomInt(10),
    ...(scheduled ? { scheduleAt: new Date(Date.now() + randomInt(2_000, 8_000)) } : {}),
  }
  const headers = { 'idempotency-key': randomUUID() }
  const request = { body, headers, token: line.apiKey, signal }
  const once = () => insist('POST', `${gatewayUrl}/api/v1/calls`, request, [202])
  const answers = await Promise.all(Math.random() < share.doubled ? [once(), once()] : [once()])
  const ids = answers.map(({ body }) => (body as { data: { call: { id: string } } }).data.call.id)
  const [callId = ''] = ids
  const acceptedAtMs = Date.now()
  let canceled = false
  if (Math.random() < share.canceled) {
    await pause(randomInt(400), signal)
    const url = `${gatewayUrl}/api/v1/calls/${callId}/cancel`
    const { status } = await insist('POST', url, { token: line.apiKey, signal }, [200, 409])
    canceled = status === 200
  }
  return { callId, tenantId: line.tenantId, number, acceptedAtMs, ids, canceled }
}

/** Refusals that are none: the same request may be made again. */
const AGAIN = new Set(['idempotency_in_progress', 'rate_limited'])

/** Asks until one of the wanted answers comes. An outage, a limit and a request under way are none. */
async function insist(
  method: string,
  url: string,
  request: NonNullable<Parameters<typeof ask>[2]>,
  wanted: readonly number[],
): Promise<Answer> {
  const until = performance.now() + patienceMs
  while (performance.now() < until) {
    request.signal?.throwIfAborted()
    const answer = await ask(method, url, request).catch(() => null)
    if (answer !== null) {
      const code = (answer.body as { error?: { code?: string } } | null)?.error?.code ?? ''
      if (wanted.includes(answer.status) && !AGAIN.has(code)) return answer
      const isPassing = answer.status >= 500 || AGAIN.has(code)
      if (!isPassing) {
        throw new Error(`${method} ${new URL(url).pathname}: ${answer.status} ${code}`)
      }
    }
    await pause(randomInt(100, 400), request.signal)
  }
  throw new Error(`${method} ${new URL(url).pathname}: no answer in time`)
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => null)
}
