import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { createFrameSource, shortFrame } from './frame.ts'

const OPENS_WITHIN_MS = 20_000
const END_OF_HEAD = '\r\n\r\n'
const PONG_OUT = 0x8a
const OPCODE = 0x0f
const CLOSE = 8
const PING = 9
const PONG = 10
const NO_MASK = Buffer.alloc(4)

/** One media socket as Exotel opens it, as cheaply as it can be had: what is measured is the other side. */
export type MediaClient = {
  /** The next frame, with a ping behind it when asked. */
  frame(withPing: boolean): void
  /** Says `stop`, and resolves when the server has closed. */
  stop(): Promise<void>
  destroy(): void
}

export type MediaTarget = { port: number; path: string; authorization: string | null }

/** @param onPong - how long a ping took, behind the frames before it */
export async function openMediaClient(
  target: MediaTarget,
  o: { from: string; onPong: (ms: number) => void; onClosed: (code: number) => void },
): Promise<MediaClient> {
  const streamSid = randomBytes(16).toString('hex')
  const callSid = randomBytes(16).toString('hex')
  const source = createFrameSource({ streamSid, callSid, from: o.from })
  const socket = connect({ host: '127.0.0.1', port: target.port, noDelay: true })
  const closed = Promise.withResolvers<undefined>()
  socket.on('error', () => undefined)
  let isOver = false
  let isLeaving = false
  const over = (code: number) => {
    if (isOver) return
    isOver = true
    closed.resolve(undefined)
    if (!isLeaving) o.onClosed(code)
  }
  const rest = await shakeHands(socket, target).catch((error: unknown) => {
    socket.destroy()
    throw error
  })
  socket.on('close', () => over(1006))
  const read = createReader({
    pong: (sentAtMs) => o.onPong(performance.now() - sentAtMs),
    ping: (payload) => socket.write(shortFrame(PONG_OUT, payload, NO_MASK)),
    close: (code) => {
      over(code)
      socket.end(shortFrame(0x88, Buffer.alloc(0), NO_MASK))
    },
  })
  if (rest.length > 0) read(rest)
  socket.on('data', read)
  socket.write(source.opening)
  return {
    frame(withPing) {
      // What the kernel has not taken yet must not be written over.
      const fresh = socket.writableLength > 0
      socket.write(source.next({ fresh, pingAtMs: withPing ? performance.now() : null }))
    },
    stop() {
      isLeaving = true
      socket.write(source.closing)
      return closed.promise
    },
    destroy: () => socket.destroy(),
  }
}

function shakeHands(socket: Socket, target: MediaTarget): Promise<Buffer> {
  const { path, authorization } = target
  const key = randomBytes(16).toString('base64')
  const lines = [
    `GET ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'User-Agent: Go-http-client/1.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${key}`,
    ...(authorization === null ? [] : [`Authorization: ${authorization}`]),
  ]
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const late = setTimeout(() => reject(new Error('a media socket did not open')), OPENS_WITHIN_MS)
  let head = Buffer.alloc(0)
  const onData = (data: Buffer) => {
    head = Buffer.concat([head, data])
    const end = head.indexOf(END_OF_HEAD)
    if (end < 0) return
    socket.off('data', onData)
    const status = head.toString('latin1', 9, 12)
    if (status === '101') resolve(head.subarray(end + END_OF_HEAD.length))
    else reject(new Error(`a media socket was answered ${status}`))
  }
  socket.on('data', onData)
  socket.once('close', () => reject(new Error('a media socket was refused')))
  socket.write(`${lines.join('\r\n')}${END_OF_HEAD}`)
  return promise.finally(() => clearTimeout(late))
}

/** Of a server's frames only control frames come, which are short (RFC 6455 §5.5). */
function createReader(on: {
  pong: (sentAtMs: number) => void
  ping: (payload: Buffer) => void
  close: (code: number) => void
}): (data: Buffer) => void {
  let rest: Buffer | null = null
  return (more) => {
    let data = rest === null ? more : Buffer.concat([rest, more])
    for (;;) {
      const end = 2 + (data[1] ?? 0)
      if (data.length < 2 || data.length < end) break
      const payload = data.subarray(2, end)
      switch ((data[0] ?? 0) & OPCODE) {
        case PONG:
          if (payload.length === 8) on.pong(payload.readDoubleBE(0))
          break
        case PING:
          on.ping(payload)
          break
        case CLOSE:
          on.close(payload.length >= 2 ? payload.readUInt16BE(0) : 1005)
          break
        default:
          break
      }
      data = data.subarray(end)
    }
    rest = data.length === 0 ? null : data
  }
}
