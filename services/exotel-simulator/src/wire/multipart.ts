const CRLF = '\r\n'

/** The boundary a multipart Content-Type names, null when it names none. */
export function boundaryOf(contentType: string): string | null {
  const match = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType)
  return match?.[1] ?? match?.[2] ?? null
}

/**
 * The text fields of a multipart/form-data body (RFC 7578), in order; parts that are files are left out.
 * Null when the body is not what its boundary promises.
 */
export function parseMultipart(body: Buffer, boundary: string): [string, string][] | null {
  // Latin-1 keeps every byte as one character, so that offsets are bytes; values are decoded at the end.
  const text = CRLF + body.toString('latin1')
  const parts = text.split(`${CRLF}--${boundary}`)
  if (parts.length < 2 || !parts.at(-1)?.startsWith('--')) return null
  const fields: [string, string][] = []
  for (const part of parts.slice(1, -1)) {
    const end = part.indexOf(CRLF + CRLF)
    if (end < 0) return null
    const disposition = /content-disposition:\s*form-data([^\r]*)/i.exec(part.slice(0, end))?.[1]
    const name = /;\s*name="([^"]*)"/i.exec(disposition ?? '')?.[1]
    if (disposition === undefined || name === undefined) return null
    if (/;\s*filename=/i.test(disposition)) continue
    const value = Buffer.from(part.slice(end + 4), 'latin1').toString('utf8')
    fields.push([Buffer.from(name, 'latin1').toString('utf8'), value])
  }
  return fields
}
