import { Client } from 'undici'

import { isUntrusted } from '../transport.ts'

/** What became of one request: a status with what its body says as JSON, or why there is none. */
export type Posted =
  | { kind: 'answered'; status: number; json: unknown }
  | { kind: 'failed'; reason: 'no_answer' | 'untrusted' }

/** Transit's answers are a few hundred bytes. */
const maxBodyBytes = 64 * 1024

/** Posts JSON on a connection of its own. Redirects are not followed: the token is for this host alone. Never rejects. */
export async function post(o: {
  url: string
  headers: Record<string, string>
  body: unknown
  timeoutMs: number
}): Promise<Posted> {
  let client: Client | undefined
  try {
    const url = new URL(o.url)
    client = new Client(url.origin, { allowH2: false, maxResponseSize: maxBodyBytes })
    const { statusCode, body } = await client.request({
      method: 'POST',
      path: url.pathname,
      headers: { ...o.headers, 'content-type': 'application/json' },
      body: JSON.stringify(o.body),
      signal: AbortSignal.timeout(o.timeoutMs),
    })
    return { kind: 'answered', status: statusCode, json: parse(await body.text()) }
  } catch (error) {
    return { kind: 'failed', reason: isUntrusted(error) ? 'untrusted' : 'no_answer' }
  } finally {
    await client?.destroy().catch(() => undefined)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
