import type { Clock } from '@callwire/runtime'

const lookEveryMs = 100
const answerBoundMs = 2_000

/** What one readiness page said last: an empty list when all is well. */
type Trouble = { readonly url: string; readonly checks: readonly string[] }

/** Waits until every URL answers 200. Gives what still stood in the way when `boundMs` was over or `giveUp` said so. */
export async function waitReady(o: {
  urls: readonly string[]
  boundMs: number
  clock: Clock
  signal: AbortSignal
  /** A reason to stop waiting at once, or null. */
  giveUp: () => string | null
}): Promise<{ kind: 'ready' } | { kind: 'not_ready'; why: string }> {
  const until = o.clock.monotonicMs() + o.boundMs
  for (;;) {
    const answers = await Promise.all(o.urls.map(ask))
    const troubles = answers.filter((answer) => answer !== null)
    if (troubles.length === 0) return { kind: 'ready' }
    const reason = o.giveUp()
    if (reason !== null) return { kind: 'not_ready', why: reason }
    if (o.clock.monotonicMs() > until) return { kind: 'not_ready', why: describe(troubles) }
    await o.clock.sleep(lookEveryMs, o.signal)
  }
}

async function ask(url: string): Promise<Trouble | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(answerBoundMs) })
    const body = (await response.json()) as { checks?: Record<string, string> }
    if (response.status === 200) return null
    const failing = Object.entries(body.checks ?? {}).filter(([, state]) => state !== 'ok')
    return { url, checks: failing.map(([name, state]) => `${name} (${state})`) }
  } catch {
    return { url, checks: ['no answer'] }
  }
}

function describe(troubles: readonly Trouble[]): string {
  return troubles.map(({ url, checks }) => `${url}: ${checks.join(', ')}`).join('; ')
}
