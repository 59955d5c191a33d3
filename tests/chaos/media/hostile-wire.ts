import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A bare TCP connection, which may say whatever it likes. */
export type Bare = {
  readonly socket: Socket
  /** What has come: of a WebSocket, the head and then frames. */
  received(): Buffer
  isClosed(): boolean
  write(bytes: Buffer | string): void
  /** Waits, but no longer than the connection lives. */
  pause(ms: number): Promise<void>
}

export const OPCODE = { continuation: 0, text: 1, close: 8, ping: 9 } as const

/** What a peer keeps of what it is sent: enough for an answer and a close. */
const MAX_KEPT_BYTES = 4_096

/** Connects from an address of this machine's own network. Rejects when nobody listens. */
export async function connectBare(
  target: { host: string; port: number },
  localAddress: string,
): Promise<Bare> {
  const { host, port } = target
  const socket = connect({ host, port, localAddress, noDelay: true })
  const closed = new AbortController()
  let received = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    if (received.length < MAX_KEPT_BYTES) received = Buffer.concat([received, chunk])
  })
  socket.on('error', () => undefined)
  socket.on('close', () => closed.abort())
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('close', () => reject(new Error('refused')))
  })
  return {
    socket,
    received: () => received,
    isClosed: () => closed.signal.aborted,
    write(bytes) {
      if (socket.writable) socket.write(bytes)
    },
    pause: (ms) => sleep(ms, undefined, { signal: closed.signal }).catch(() => undefined),
  }
}

/** The head of a handshake as RFC 6455 wants it. */
export function handshake(path: string, host: string, authorization: string): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Version: 13',
    `Authorization: ${authorization}`,
    '\r\n',
  ].join('\r\n')
}

/** A client's frame, masked with zeros. `claims`: a length other than the payload's own. */
export function frame(
  opcode: number,
  payload: Buffer | string,
  o: { fin?: boolean; claims?: number } = {},
): Buffer {
  const bytes = Buffer.from(payload)
  const length = o.claims ?? bytes.length
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  head[0] = (o.fin === false ? 0 : 0x80) | opcode
  head[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (head.length === 4) head.writeUInt16BE(length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([head, Buffer.alloc(4), bytes])
}

/** The code of the close frame that came after the handshake's answer, 0 when there is none. */
export function closeCodeIn(received: Buffer): number {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return 0
  let at = end + 4
  while (at + 2 <= received.length) {
    const opcode = (received[at] ?? 0) & 0x0f
    const length = (received[at + 1] ?? 0) & 0x7f
    if (opcode === OPCODE.close && at + 4 <= received.length) return received.readUInt16BE(at + 2)
    at += 2 + length
  }
  return 0
}

/** The status of the answer to a handshake or a request, 0 when there is none. */
export function statusIn(received: Buffer): number {
  const [, status = '0'] = /^HTTP\/1\.1 (\d{3})/.exec(received.toString('latin1')) ?? []
  return Number(status)
}
