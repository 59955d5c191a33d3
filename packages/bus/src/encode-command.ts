/** A part of a command: text, or bytes as they are. */
export type CommandPart = string | Buffer

/** A command as Redis reads it: an array of bulk strings (RESP, "Sending commands to a server"). */
export function encodeCommand(parts: readonly CommandPart[]): Buffer {
  const pieces: CommandPart[] = []
  let text = `*${parts.length}\r\n`
  let length = 0
  for (const part of parts) {
    if (typeof part === 'string') {
      text += `$${Buffer.byteLength(part)}\r\n${part}\r\n`
      continue
    }
    text += `$${part.length}\r\n`
    pieces.push(text, part)
    length += Buffer.byteLength(text) + part.length
    text = '\r\n'
  }
  const bytes = Buffer.allocUnsafe(length + Buffer.byteLength(text))
  let at = 0
  for (const piece of pieces) {
    at += typeof piece === 'string' ? bytes.write(piece, at) : piece.copy(bytes, at)
  }
  bytes.write(text, at)
  return bytes
}
