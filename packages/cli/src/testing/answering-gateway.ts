import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cliRun, type CliResult } from './cli-run.ts'

/** A gateway that answers what it was told to, and remembers what it was asked. */
export type AnsweringGateway = AsyncDisposable & {
  url: string
  /** `METHOD path?query` without the prefix, to the `data` of a success. */
  answers: Record<string, unknown>
  /** Those that are refused instead, with 400. */
  refusals: Record<string, { code: string; details?: object }>
  /** As `METHOD path body`, in order. */
  asked: string[]
  /** Runs one command line against it. */
  run(...args: string[]): Promise<CliResult>
}

export async function startAnsweringGateway(): Promise<AnsweringGateway> {
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const what = `${request.method ?? ''} ${(request.url ?? '').replace('/api/v1/', '')}`
      gateway.asked.push(body === '' ? what : `${what} ${body}`)
      if (!Object.hasOwn(gateway.answers, what)) {
        const refusal = gateway.refusals[what]
        const error = { code: 'not_found', message: 'No.', requestId: 'r', ...refusal }
        response.writeHead(refusal === undefined ? 404 : 400, {
          'content-type': 'application/json',
        })
        response.end(JSON.stringify({ success: false, error }))
        return
      }
      const data = gateway.answers[what]
      response.writeHead(data === null ? 204 : 200, { 'content-type': 'application/json' })
      response.end(data === null ? undefined : JSON.stringify({ success: true, data }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  const gateway: AnsweringGateway = {
    url,
    answers: {},
    refusals: {},
    asked: [],
    run: (...args) => cliRun(args, { CALLWIRE_URL: url, CALLWIRE_API_KEY: 'cw_key' }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return gateway
}
