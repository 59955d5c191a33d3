import { Pool } from 'undici'

/** One of the two that place calls. */
export type Side = {
  readonly name: 'callwire' | 'floor'
  /** The processes whose work is counted: what takes requests, and what dials. */
  readonly api: number
  readonly dialer: number
  /** Asks for call `n`, and gives its id once the API has accepted it. */
  place(n: number): Promise<string>
}

/** @param read - the call's id in the answer's JSON */
export function createPlacer(
  origin: string,
  o: {
    connections: number
    path: string
    request: (n: number) => { headers: Record<string, string>; body: string }
    read: (json: unknown) => string
  },
): AsyncDisposable & Pick<Side, 'place'> {
  const pool = new Pool(origin, { connections: o.connections, pipelining: 1 })
  return {
    place: async (n) => {
      const { headers, body } = o.request(n)
      const { statusCode, body: answer } = await pool.request({
        method: 'POST',
        path: o.path,
        headers: { 'content-type': 'application/json', ...headers },
        body,
      })
      const text = await answer.text()
      if (statusCode !== 202) throw new Error(`call ${n} was answered ${statusCode}: ${text}`)
      return o.read(JSON.parse(text))
    },
    [Symbol.asyncDispose]: () => pool.close(),
  }
}
