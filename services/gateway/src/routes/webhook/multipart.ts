/** RFC 2046 §5.1.1 allows a boundary 70 characters. */
const boundaryOf = /;\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))/i
const nameOf = /^content-disposition:[^\r\n]*;\s*name=(?:"([^"\r\n]*)"|([^\s;"]+))/im
const byteOrderMark = '\u00ef\u00bb\u00bf'

/**
 * The fields of a multipart/form-data body (RFC 7578) that is in memory whole, in order, or null
 * when it is not well-formed. A file counts as a field with its content as text.
 *
 * @param contentType - the header, which names the boundary
 */
export function parseMultipart(contentType: string, body: Buffer): [string, string][] | null {
  const match = boundaryOf.exec(contentType)
  const boundary = match?.[1] ?? match?.[2]
  if (boundary === undefined) return null
  // latin1 keeps every byte as one character, so that nothing is lost before values are decoded.
  const bytes = body.toString('latin1')
  const marked = bytes.startsWith(byteOrderMark) ? bytes.slice(byteOrderMark.length) : bytes
  // Bare line feeds throughout, as some relays leave them.
  const text = marked.includes('\r\n') ? marked : marked.replaceAll('\n', '\r\n')
  const [, ...sections] = `\r\n${text}`.split(`\r\n--${boundary}`)
  const end = sections.pop()
  if (end?.startsWith('--') !== true) return null
  const fields: [string, string][] = []
  for (const section of sections) {
    const field = parsePart(section)
    if (field === null) return null
    fields.push(field)
  }
  return fields
}

function parsePart(section: string): [string, string] | null {
  // What may stand between the boundary and the line's end is blanks (RFC 2046).
  const start = /^[ \t]*\r\n/.exec(section)
  const headEnd = section.indexOf('\r\n\r\n')
  if (start === null || headEnd === -1) return null
  const name = nameOf.exec(section.slice(start[0].length, headEnd))
  const text = name?.[1] ?? name?.[2]
  if (text === undefined) return null
  return [utf8(text), utf8(section.slice(headEnd + 4))]
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8')
}
