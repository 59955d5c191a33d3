import { textSink, type Sink } from './needles.ts'

/** Keeps every answer that a client gets, headers and all. */
export type Recorder = {
  fetch: typeof fetch
  /** Sends one request and gives its status and what it said. */
  ask(o: {
    method: string
    url: string | URL
    token?: string
    body?: unknown
    headers?: Record<string, string>
  }): Promise<{ status: number; body: unknown }>
  sinks(): Sink[]
}

export function createRecorder(): Recorder {
  const sinks: Sink[] = []
  const recording: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    const { pathname, search } = new URL(input instanceof Request ? input.url : input)
    const text = await response.clone().text()
    const headers = JSON.stringify([...response.headers])
    sinks.push(textSink(`answer to ${init?.method ?? 'GET'} ${pathname}${search}`, headers + text))
    return response
  }
  return {
    fetch: recording,
    async ask({ method, url, token, body, headers = {} }) {
      const json = body === undefined ? {} : { body: JSON.stringify(body) }
      const response = await recording(url, {
        method,
        redirect: 'manual',
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          'idempotency-key': crypto.randomUUID(),
          ...headers,
        },
        ...json,
      })
      const text = await response.text()
      return { status: response.status, body: parsed(text) }
    },
    sinks: () => sinks,
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
