import { errorFrom, noAnswer } from './error.ts'
import type { Query, TransportOptions } from './transport.ts'

/** What comes as bytes rather than as JSON. */
export type Download = {
  /** Of what was asked for. */
  bytes: number
  /** Of the whole, where only a part was asked for. */
  totalBytes: number
  /** Ends with an error where the answer is cut: then what was read is not all. */
  body: ReadableStream<Uint8Array>
}

export type DownloadOptions = {
  /** From this byte on, up to before `to`. */
  range?: { from: number; to?: number }
  signal?: AbortSignal
}

/** The answer begins within this; how long it then takes is the listener's affair. */
const FIRST_BYTE_MS = 20_000

/** Asks a route of `/api/v1` for bytes. @throws CallwireError */
export function createDownload(options: TransportOptions) {
  const send = options.fetch ?? fetch
  const base = new URL('/api/v1/', options.baseUrl)

  return async (path: string, query: Query, o: DownloadOptions = {}): Promise<Download> => {
    const url = new URL(path, base)
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    const stop = new AbortController()
    const timer = setTimeout(() => stop.abort(), options.timeoutMs ?? FIRST_BYTE_MS)
    const { range } = o
    try {
      const response = await send(url, {
        headers: {
          ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
          ...(range === undefined ? {} : { range: rangeHeader(range) }),
        },
        redirect: 'error',
        signal: o.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, o.signal]),
      }).catch(() => {
        throw noAnswer()
      })
      if (!response.ok || response.body === null) {
        const body: unknown = await response.json().catch(() => null)
        throw errorFrom(response.status, body, response.headers.get('retry-after'))
      }
      const bytes = Number(response.headers.get('content-length'))
      const total = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1]
      return {
        bytes,
        totalBytes: total === undefined ? bytes : Number(total),
        body: response.body,
      }
    } finally {
      clearTimeout(timer)
    }
  }
}

function rangeHeader({ from, to }: { from: number; to?: number }): string {
  return `bytes=${String(from)}-${to === undefined ? '' : String(to - 1)}`
}
