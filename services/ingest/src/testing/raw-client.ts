/** A handshake as bytes, so that frames can travel right behind it. */
export function rawHandshake(path: string, headers: Readonly<Record<string, string>>): Buffer {
  return Buffer.from(
    [
      `GET ${path} HTTP/1.1`,
      'Host: ingest',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version: 13',
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      '\r\n',
    ].join('\r\n'),
  )
}

/** One frame from a client with any first byte, masked with zeros (RFC 6455 §5.2). */
export function maskedFrame(first: number, payload: Buffer): Buffer {
  const { length } = payload
  const head = Buffer.alloc(length < 126 ? 6 : length < 65_536 ? 8 : 14)
  head[0] = first
  if (length < 126) {
    head[1] = 0x80 | length
  } else if (length < 65_536) {
    head[1] = 0xfe
    head.writeUInt16BE(length, 2)
  } else {
    head[1] = 0xff
    head.writeUInt32BE(length, 6)
  }
  return Buffer.concat([head, payload])
}
