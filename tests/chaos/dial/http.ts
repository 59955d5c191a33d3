export type Answer = { status: number; body: unknown; replayed: boolean }

/** Longer than any request here takes while anybody is there to answer it. */
const answerMs = 15_000

/** One request with a JSON body. Rejects when there is no whole answer. */
export async function ask(
  method: string,
  url: string,
  o: {
    body?: unknown
    token?: string
    headers?: Record<string, string>
    signal?: AbortSignal
  } = {},
): Promise<Answer> {
  const timeout = AbortSignal.timeout(answerMs)
  const response = await fetch(url, {
    method,
    headers: {
      ...(o.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(o.token === undefined ? {} : { authorization: `Bearer ${o.token}` }),
      ...o.headers,
    },
    body: o.body === undefined ? null : JSON.stringify(o.body),
    signal: o.signal === undefined ? timeout : AbortSignal.any([timeout, o.signal]),
  })
  const text = await response.text()
  return {
    status: response.status,
    body: text === '' ? null : (JSON.parse(text) as unknown),
    replayed: response.headers.get('idempotent-replayed') === 'true',
  }
}

/** The same, of something that has to answer with success. */
export async function askOk(...args: Parameters<typeof ask>): Promise<unknown> {
  const { status, body } = await ask(...args)
  if (status >= 300) throw new Error(`${args[0]} ${args[1]}: ${status} ${JSON.stringify(body)}`)
  return body
}
