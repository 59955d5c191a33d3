import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

export type Asked = {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** What a service answers: a status, headers beyond its content type, and a body. */
export type Answer = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

/** Takes the place of every answer while it is set. */
export type Misbehaviour = (response: ServerResponse, asked: Asked) => void

export type Listening = AsyncDisposable & {
  readonly url: string
  readonly host: string
  /** Everything that was asked so far. */
  readonly asked: Asked[]
  misbehave(how: Misbehaviour | null): void
}

/** An HTTP server on a free port of 127.0.0.1. */
export async function listen(o: {
  contentType: string
  answer: (asked: Asked) => Answer
}): Promise<Listening> {
  const asked: Asked[] = []
  let misbehaviour: Misbehaviour | null = null
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const one = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      }
      asked.push(one)
      if (misbehaviour !== null) return misbehaviour(response, one)
      const { status, headers, body } = o.answer(one)
      response.writeHead(status, { 'content-type': o.contentType, ...headers })
      response.end(JSON.stringify(body))
    })
  })
  const port = await portOf(server)
  const host = `127.0.0.1:${port}`
  return {
    url: `http://${host}`,
    host,
    asked,
    misbehave(how) {
      misbehaviour = how
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
