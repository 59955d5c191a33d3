import { describe, expect, it } from 'vitest'
import { parseCallback } from './callback-fields.ts'

const form = 'application/x-www-form-urlencoded'
const multipart = 'multipart/form-data; boundary=b1'

function parts(...fields: [string, string][]): string {
  const texts = fields.map(
    ([name, value]) => `--b1\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  return `${texts.join('')}--b1--\r\n`
}

const nested = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`

const parse = (type: string | undefined, body: string) => parseCallback(type, Buffer.from(body))
const expected = { CallSid: 'abc', Status: 'completed', From: '+91 नम' }
const encoded = new URLSearchParams(expected).toString()

describe('parseCallback', () => {
  it.each([
    ['multipart', multipart, parts(...Object.entries(expected))],
    [
      'multipart, quoted boundary',
      'Multipart/Form-Data; boundary="b1"',
      parts(...Object.entries(expected)),
    ],
    [
      'multipart behind a byte order mark',
      multipart,
      `\uFEFF${parts(...Object.entries(expected))}`,
    ],
    ['multipart behind a preamble', multipart, `hello\r\n${parts(...Object.entries(expected))}`],
    [
      'multipart with bare line feeds',
      multipart,
      parts(...Object.entries(expected)).replaceAll('\r', ''),
    ],
    [
      'multipart with headers of its parts',
      `${multipart}; charset=utf-8`,
      parts(...Object.entries(expected))
        .replaceAll('form-data; ', 'form-data; filename="a; b"; ')
        .replaceAll('\r\n\r\n', '\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n'),
    ],
    [
      'multipart with blanks behind the boundary and words behind the end',
      multipart,
      `${parts(...Object.entries(expected)).replaceAll('--b1\r\n', '--b1  \r\n')}bye`,
    ],
    ['a form', form, encoded],
    ['a form with a charset', `${form}; charset=UTF-8`, encoded],
    ['a form behind a byte order mark', form, `\uFEFF${encoded}`],
    ['JSON', 'application/json', JSON.stringify(expected)],
    ['JSON behind a byte order mark', 'application/json', `\uFEFF${JSON.stringify(expected)}`],
    ['JSON without a type', undefined, JSON.stringify(expected)],
    ['a form without a type', undefined, encoded],
    ['the same field twice with one value', form, `${encoded}&CallSid=abc`],
    // Exotel's relays repeat fields: refused, what is said beside them would be lost.
    ['the last of a field that comes twice', form, `Status=ringing&${encoded}`],
    [
      'the last of a field that comes twice in parts',
      multipart,
      parts(['Status', 'ringing'], ...Object.entries(expected)),
    ],
    ['JSON as text', 'text/plain; charset=utf-8', JSON.stringify(expected)],
    ['JSON as text/json', 'text/json', ` ${JSON.stringify(expected)}`],
    ['JSON as bytes', 'application/octet-stream', `\uFEFF${JSON.stringify(expected)}`],
    ['JSON as a form', form, JSON.stringify(expected)],
    ['a form as text', 'text/plain', encoded],
  ])('reads %s', (_what, type, body) => {
    expect(parse(type, body)).toMatchObject({ kind: 'fields', fields: expected })
  })

  it('keeps what JSON nests', () => {
    expect(parse('application/json', '{"Legs":[{"Status":"busy"}],"Status":null}')).toMatchObject({
      fields: { Legs: [{ Status: 'busy' }], Status: null },
    })
  })

  it.each([
    ['a form', form, 'CallSid=a&CallSid=b&CallSid=c&Status=busy'],
    ['parts', multipart, parts(['CallSid', 'a'], ['CallSid', 'b'], ['Status', 'busy'])],
  ])('keeps a contradiction of which call %s speaks', (_what, type, body) => {
    expect(parse(type, body)).toMatchObject({ fields: { CallSid: ['a', 'b'], Status: 'busy' } })
  })

  it('makes no prototype of a field', () => {
    const parsed = parse(form, '__proto__=x&Status=busy')
    expect(parsed.kind === 'fields' && Object.keys(parsed.fields)).toEqual(['__proto__', 'Status'])
  })

  it.each([
    ['broken JSON', 'application/json', '{"a":'],
    ['a JSON array', 'application/json', '[]'],
    ['JSON null', 'application/json', 'null'],
    ['JSON deeper than any callback', 'application/json', nested(20)],
    ['JSON deeper than a stack', 'application/json', nested(50_000)],
    ['multipart cut short', multipart, parts(['Status', 'a']).slice(0, -4)],
    ['multipart without a boundary', 'multipart/form-data', parts(['Status', 'a'])],
    ['a part without a name', multipart, '--b1\r\nX: y\r\n\r\nv\r\n--b1--'],
    ['text instead of parts', multipart, 'Status=completed'],
  ])('refuses %s', (_what, type, body) => {
    expect(parse(type, body)).toEqual({ kind: 'malformed' })
  })
})
