import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

/**
 * In Exotel's place for both sides: takes any request, notes when its headers are there and whose
 * it is, and answers that the call is placed. It calls nobody back.
 */
export type Observer = AsyncDisposable & {
  readonly host: string
  /** When the headers of this call's request were there, by `performance.now()`. */
  seen(callId: string): Promise<number>
  /** How often it was asked to place each call. */
  requests(): ReadonlyMap<string, number>
}

export async function startObserver(): Promise<Observer> {
  const times = new Map<string, number>()
  const waiting = new Map<string, (at: number) => void>()
  const requests = new Map<string, number>()
  const sockets = new Set<Socket>()
  const note = (callId: string, at: number) => {
    requests.set(callId, (requests.get(callId) ?? 0) + 1)
    if (times.has(callId)) return
    times.set(callId, at)
    waiting.get(callId)?.(at)
    waiting.delete(callId)
  }
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined)
    readRequests(socket, note)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    seen: (callId) => {
      const at = times.get(callId)
      if (at !== undefined) return Promise.resolve(at)
      const { promise, resolve } = Promise.withResolvers<number>()
      waiting.set(callId, resolve)
      return promise
    },
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

const END_OF_HEAD = '\r\n\r\n'

/** As little of HTTP as two clients need whose requests we know: it must not cost what is measured. */
function readRequests(socket: Socket, note: (callId: string, at: number) => void): void {
  let text = ''
  let headAt: number | null = null
  socket.setEncoding('latin1').on('data', (more: string) => {
    text += more
    for (;;) {
      const head = text.indexOf(END_OF_HEAD)
      if (head < 0) return
      headAt ??= performance.now()
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head))?.[1] ?? 0)
      const end = head + END_OF_HEAD.length + length
      if (text.length < end) return
      const callId = /(?:^|&)CustomField=([^&]*)/.exec(text.slice(head + 4, end))?.[1]
      if (callId === undefined) {
        socket.write('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n')
      } else {
        note(callId, headAt)
        socket.write(placed(callId))
      }
      text = text.slice(end)
      headAt = null
    }
  })
}

function placed(callId: string): string {
  const body = JSON.stringify({ Call: { Sid: `sid-${callId}`, Status: 'in-progress' } })
  const type = 'content-type: application/json'
  return `HTTP/1.1 200 OK\r\n${type}\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}
