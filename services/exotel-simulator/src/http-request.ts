import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'

/** More of an answer than this is not read. */
const MAX_BODY_BYTES = 64 * 1024

export type HttpReply =
  { kind: 'reply'; status: number; body: string } | { kind: 'failed'; reason: string }

/** One request, on a connection of its own, no redirects. Never throws; a failure is an error code. */
export function httpRequest(o: {
  method: 'GET' | 'POST'
  url: string
  headers: Record<string, string>
  body: Buffer | null
  timeoutMs: number
}): Promise<HttpReply> {
  return new Promise((resolve) => {
    const send = o.url.startsWith('https:') ? requestHttps : requestHttp
    const length = o.body === null ? {} : { 'content-length': String(o.body.length) }
    const request = send(o.url, {
      method: o.method,
      headers: { 'user-agent': 'exotel-simulator', ...o.headers, ...length },
      agent: false,
    })
    const timer = setTimeout(() => {
      resolve({ kind: 'failed', reason: 'timeout' })
      request.destroy()
    }, o.timeoutMs)
    const settle = (reply: HttpReply) => {
      clearTimeout(timer)
      resolve(reply)
    }
    request.on('response', (response) => {
      const parts: Buffer[] = []
      let size = 0
      response.on('data', (part: Buffer) => {
        size += part.length
        if (size <= MAX_BODY_BYTES) parts.push(part)
      })
      response.on('end', () => {
        const body = Buffer.concat(parts).toString('utf8')
        settle({ kind: 'reply', status: response.statusCode ?? 0, body })
      })
      response.on('error', () => settle({ kind: 'failed', reason: 'reset' }))
    })
    request.on('error', (error: NodeJS.ErrnoException) => {
      settle({ kind: 'failed', reason: error.code ?? 'failed' })
    })
    request.end(o.body ?? undefined)
  })
}
