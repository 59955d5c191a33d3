/** Bytes `from` to before `to`. */
export type ByteRange = { from: number; to: number }

/**
 * What a Range header asks of so many bytes (RFC 9110 §14): one range of them; null for all, which is
 * also the answer to several ranges, to other units and to what is malformed; or `unsatisfiable`.
 */
export function parseRange(
  header: string | undefined,
  bytes: number,
): ByteRange | 'unsatisfiable' | null {
  const [, first = '', last = ''] =
    /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header?.trim() ?? '') ?? []
  if (first === '' && last === '') return null
  if (first === '') {
    const from = Math.max(0, bytes - Number(last))
    return from < bytes ? { from, to: bytes } : 'unsatisfiable'
  }
  const from = Number(first)
  if (last !== '' && Number(last) < from) return null
  if (from >= bytes) return 'unsatisfiable'
  return { from, to: last === '' ? bytes : Math.min(bytes, Number(last) + 1) }
}
