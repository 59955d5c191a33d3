/**
 * The last net under the log: rewrites what looks like a credential or a phone number in a
 * finished line. Code keeps secrets out of logs by other means; this catches the slip.
 *
 * Every replacement keeps the line valid JSON: no pattern crosses a quote.
 */
export function scrubLine(line: string): string {
  let text = line
  for (const [pattern, replacement] of rules) text = text.replace(pattern, replacement)
  return text
}

const names = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  '[\\w-]*api[_-]?key',
  '[\\w-]*api[_-]?token',
  'api-subscription-key',
  '[\\w-]*password',
  '[\\w-]*secret',
  '[\\w-]*token',
  'x-callwire-edge',
].join('|')

const rules: readonly (readonly [RegExp, string])[] = [
  // scheme://user:password@host, also with an @ inside the password.
  [/\/\/[^\s/"'\\]+@/g, '//[secret]@'],
  [/\b(Basic|Bearer)(\s+|%20)[A-Za-z0-9+/=._~%-]{8,}/gi, '$1 [secret]'],
  // A named field, as JSON (also JSON inside a string) and as form or query text.
  [new RegExp(`(\\\\*"(?:${names})\\\\*"\\s*:\\s*\\\\*")[^"\\\\]+`, 'gi'), '$1[secret]'],
  [new RegExp(`\\b(${names})=[^\\s&"'\\\\;]+`, 'gi'), '$1=[secret]'],
  [/\bcw_[A-Za-z0-9_-]{8,}/g, 'cw_[secret]'],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?/g, '[secret]'],
  // A long opaque path segment is a token; our own ids are 28 characters.
  [/\/[A-Za-z0-9_-]{32,}(?=[/?#"\s\\]|$)/g, '/[secret]'],
  // E.164, plain and percent-encoded, and India's national form with its leading zero.
  [/(\+|%2B)(\d{2})\d{6,13}(?!\d)/gi, '$1$2********'],
  [/(?<![\d.])0\d{10}(?!\d)/g, '0**********'],
]
