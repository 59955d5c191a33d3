import { connect } from 'node:net'
import { eventually } from '@callwire/testkit'

/** A consumer on a bare TCP socket, which answers no ping and reads only when told. */
export type StubbornConsumer = {
  stopReading(): void
  readTheRest(): void
  isOpen(): boolean
  /** Goes away without a word. */
  leave(): void
  /** The close code it was given, or `cut` when the connection ended without one. */
  ended: Promise<number | 'cut'>
}

export async function openStubborn(
  port: number,
  token: string,
  o: { subscribe?: string } = {},
): Promise<StubbornConsumer> {
  const socket = connect({ port, host: '127.0.0.1' })
  const ended = Promise.withResolvers<number | 'cut'>()
  let heard = Buffer.alloc(0)
  let isOpen = true
  socket.on('error', () => undefined)
  socket.on('data', (chunk) => {
    heard = Buffer.concat([heard, chunk])
  })
  socket.on('close', () => {
    isOpen = false
    ended.resolve(closeCodeOf(heard) ?? 'cut')
  })
  socket.write(
    `GET /v1/copilot HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n` +
      `authorization: Bearer ${token}\r\nsec-websocket-version: 13\r\n` +
      'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  )
  await eventually(() => heard.includes('"authenticated"'))
  if (o.subscribe !== undefined) {
    socket.write(textFrame(JSON.stringify({ type: 'subscribe', topic: o.subscribe })))
    await eventually(() => heard.includes('"subscribed"'))
  }
  return {
    stopReading: () => socket.pause(),
    readTheRest() {
      heard = Buffer.concat([heard])
      socket.resume()
      const look = setInterval(() => {
        const code = closeCodeOf(heard)
        if (code === null && isOpen) return
        clearInterval(look)
        if (code !== null) ended.resolve(code)
        socket.destroy()
      }, 20)
    },
    isOpen: () => isOpen,
    leave: () => void socket.destroy(),
    ended: ended.promise,
  }
}

/** A masked text frame of less than 126 bytes (RFC 6455, 5.2). */
function textFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  // A mask of zeros leaves the payload as it is.
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload])
}

/** The code of the close frame in what a server sent, or null. */
function closeCodeOf(heard: Buffer): number | null {
  let at = heard.indexOf('\r\n\r\n') + 4
  while (at >= 4 && at + 2 <= heard.length) {
    const opcode = heard.readUInt8(at) & 0x0f
    let length = heard.readUInt8(at + 1)
    at += 2
    if (length === 126 && at + 2 <= heard.length) {
      length = heard.readUInt16BE(at)
      at += 2
    } else if (length === 127 && at + 8 <= heard.length) {
      length = Number(heard.readBigUInt64BE(at))
      at += 8
    }
    if (opcode === 8 && at + 2 <= heard.length) return heard.readUInt16BE(at)
    at += length
  }
  return null
}
