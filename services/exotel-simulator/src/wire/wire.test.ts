import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseBasic, takeUserInfo } from './basic-auth.ts'
import { field, listField, parseForm } from './form.ts'
import { formatIst, formatIstLong, formatIstZoned, parseIst } from './ist.ts'
import { maskNumber, toE164, toWireNumber } from './phone-number.ts'
import { makeSid } from './sid.ts'
import { twilioResponse } from './xml.ts'

describe('Indian time', () => {
  it.each([
    [0, '1970-01-01 05:30:00'],
    [Date.UTC(2025, 0, 7, 10, 21, 6), '2025-01-07 15:51:06'],
    [Date.UTC(2024, 11, 31, 18, 30), '2025-01-01 00:00:00'],
  ])('prints %s as %s', (ms, text) => {
    expect(formatIst(ms)).toBe(text)
    expect(formatIstZoned(ms)).toBe(`${text}+05:30`)
    expect(parseIst(text)).toBe(ms)
  })
  it('prints the long form of applet requests', () => {
    expect(formatIstLong(Date.UTC(2025, 0, 7, 10, 21, 6))).toBe('Tue, 07 Jan 2025 15:51:06')
  })
  it.each(['', '2025-02-30 00:00:00', '2025-01-07T15:51:06', '2025-01-07', 'yesterday'])(
    'reads %j as no date',
    (text) => expect(parseIst(text)).toBeNull(),
  )
  it('reads back every second it prints', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
        expect(parseIst(formatIst(seconds * 1000))).toBe(seconds * 1000)
      }),
    )
  })
})

describe('numbers', () => {
  it.each([
    ['+919876543210', '+919876543210'],
    ['09876543210', '+919876543210'],
    ['9876543210', '+919876543210'],
    ['919876543210', '+919876543210'],
    ['080-4711 2233', '+918047112233'],
    ['0014155550100', '+14155550100'],
    ['+1 415 555 0100', '+14155550100'],
    ['', null],
    ['12', null],
    ['hello', null],
    ['+0123456789', null],
    ['0987654321012', null],
  ])('reads %j as %j', (text, e164) => expect(toE164(text)).toBe(e164))
  it('prints them with a leading zero, and reads them back', () => {
    expect(toWireNumber('+919876543210')).toBe('09876543210')
    expect(toE164(toWireNumber('+14155550100'))).toBe('+14155550100')
  })
  it('never shows the last four', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\+[1-9]\d{7,14}$/), (number) => {
        expect(maskNumber(number)).toHaveLength(number.length)
        expect(maskNumber(number).slice(-4)).toBe('****')
      }),
    )
    expect(maskNumber('+919876543210')).toBe('+9198********')
  })
})

it('makes ids of 32 characters that no hex parser takes', () => {
  const sids = new Set(Array.from({ length: 200 }, () => makeSid()))
  expect(sids.size).toBe(200)
  for (const sid of sids) {
    expect(sid).toMatch(/^[0-9a-f]{30}[0-9a-z]{2}$/)
    expect(sid).not.toMatch(/^[0-9a-f]{32}$/)
  }
})

it('writes XML with nulls, lists and escaped text', () => {
  const xml = twilioResponse({ Call: { Sid: 'a&<b>', To: null, Legs: [{ Id: 1 }, { Id: 2 }] } })
  expect(xml).toContain('<TwilioResponse>')
  expect(xml).toContain('<Sid>a&amp;&lt;b&gt;</Sid>')
  expect(xml).toContain('<To/>')
  expect(xml.match(/<Legs>/g)).toHaveLength(2)
})

describe('Basic credentials', () => {
  const encode = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
  it.each([
    [encode('a:b'), { user: 'a', password: 'b' }],
    [encode('a:b:c').replace('Basic', 'bAsIc'), { user: 'a', password: 'b:c' }],
    [encode('nothing'), null],
    ['Bearer abc', null],
    [undefined, null],
  ])('reads %j', (header, expected) => expect(parseBasic(header)).toEqual(expected))
  it('turns userinfo into a header', () => {
    expect(takeUserInfo('wss://K%40:t@host.example/p')).toEqual({
      url: 'wss://host.example/p',
      authorization: encode('K@:t'),
    })
    expect(takeUserInfo('wss://host.example/p').authorization).toBeNull()
  })
})

describe('forms', () => {
  const multipart = (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'))
  const part = (name: string, value: string, more = '') =>
    `--xx\nContent-Disposition: form-data; name="${name}"${more}\n\n${value}\n`

  it('reads urlencoded and multipart bodies alike', () => {
    const fields = [
      ['From', '+91 1'],
      ['Name', 'नेहा'],
    ]
    const url = parseForm(
      'application/x-www-form-urlencoded; charset=utf-8',
      Buffer.from('From=%2B91+1&Name=नेहा'),
    )
    const body = multipart(`${part('From', '+91 1')}${part('Name', 'नेहा')}--xx--\n`)
    expect(url).toEqual({ kind: 'form', fields })
    expect(parseForm('multipart/form-data; boundary=xx', body)).toEqual({ kind: 'form', fields })
    expect(parseForm('Multipart/Form-Data; boundary="xx"', body)).toEqual({ kind: 'form', fields })
  })
  it.each([
    ['application/json', '{"From":"1"}', 'content_type'],
    [undefined, '', 'content_type'],
    ['multipart/form-data', part('a', 'b'), 'malformed'],
    ['multipart/form-data; boundary=xx', part('a', 'b'), 'malformed'],
    ['multipart/form-data; boundary=yy', `${part('a', 'b')}--xx--\n`, 'malformed'],
    ['multipart/form-data; boundary=xx', '--xx\nX: y\n\nz\n--xx--\n', 'malformed'],
  ])('refuses %s %j', (type, body, reason) => {
    expect(parseForm(type, multipart(body))).toEqual({ kind: 'unreadable', reason })
  })
  it('leaves files out', () => {
    const body = multipart(`${part('f', 'x', '; filename="f.txt"')}${part('a', 'b')}--xx--\n`)
    const parsed = parseForm('multipart/form-data; boundary=xx', body)
    expect(parsed).toEqual({ kind: 'form', fields: [['a', 'b']] })
  })
  it('knows lists in all their spellings', () => {
    const fields = ['E[0]', 'E[1]', 'E[]', 'E', 'E[x]', 'EE'].map((n) => [n, n] as const)
    expect(listField(fields, 'E')).toEqual(['E[0]', 'E[1]', 'E[]', 'E'])
    expect(
      field(
        [
          ['a', '1'],
          ['a', '2'],
          ['b', ''],
        ],
        'a',
      ),
    ).toBe('2')
    expect(field([['b', '']], 'b')).toBeUndefined()
  })
})
