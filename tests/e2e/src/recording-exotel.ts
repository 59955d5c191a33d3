import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A host that takes requests meant for Exotel, keeps them, and says that something is wrong with it. */
export type RecordingExotel = AsyncDisposable & {
  host: string
  requests(): readonly { method: string; authorization: string; form: URLSearchParams }[]
}

export async function startRecordingExotel(): Promise<RecordingExotel> {
  const requests: { method: string; authorization: string; form: URLSearchParams }[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      const { method = '', headers } = request
      const authorization = headers.authorization ?? ''
      requests.push({ method, authorization, form: new URLSearchParams(text) })
      response.writeHead(500).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    host: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
