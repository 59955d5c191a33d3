import { Transform } from 'node:stream'

/** Puts the chunked framing of RFC 9112 §7.1 around what passes through. */
export function chunked(): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (chunk.length > 0) {
        this.push(`${chunk.length.toString(16)}\r\n`, 'latin1')
        this.push(chunk)
        this.push('\r\n', 'latin1')
      }
      done()
    },
    flush(done) {
      this.push('0\r\n\r\n', 'latin1')
      done()
    },
  })
}
