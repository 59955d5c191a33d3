import { describe, expect, test } from 'vitest'
import { readCredentials, readMediaPath } from './credentials.ts'

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
const token = 'a'.repeat(32)

describe('readMediaPath', () => {
  test.each([
    ['/v1/ingest', { kind: 'media', token: null }],
    ['/v1/ingest/', { kind: 'media', token: null }],
    ['/v1/ingest?token=abc&sample-rate=16000', { kind: 'media', token: null }],
    [`/v1/ingest/t/${token}`, { kind: 'media', token }],
    [`/v1/ingest/t/${token}?sample-rate=16000`, { kind: 'media', token }],
    ['/v1/ingest/t/', { kind: 'media', token: '' }],
    [`/v1/ingest/t/${token}/more`, { kind: 'other' }],
    ['/v1/ingest/other', { kind: 'other' }],
    ['/', { kind: 'other' }],
    [undefined, { kind: 'other' }],
  ])('%s', (url, expected) => {
    expect(readMediaPath(url)).toEqual(expected)
  })
})

describe('readCredentials', () => {
  test.each([
    ['nothing', null, undefined, { kind: 'none' }],
    ['a token in the path', token, undefined, { kind: 'path-token', token }],
    ['a path before a header', token, basic('k:t'), { kind: 'path-token', token }],
    ['an empty token', '', undefined, { kind: 'malformed' }],
    ['an escaped token', `${token}%2e`, undefined, { kind: 'malformed' }],
    ['basic', null, basic('key:secret'), { kind: 'basic', key: 'key', token: 'secret' }],
    ['basic with colons', null, basic('key:a:b'), { kind: 'basic', key: 'key', token: 'a:b' }],
    ['basic without a colon', null, basic('key'), { kind: 'malformed' }],
    ['basic without a key', null, basic(':secret'), { kind: 'malformed' }],
    ['basic without a token', null, basic('key:'), { kind: 'malformed' }],
    ['basic that is no base64', null, 'Basic k:t', { kind: 'malformed' }],
    ['bearer', null, 'bearer a.b.c', { kind: 'bearer', token: 'a.b.c' }],
    ['another scheme', null, 'Digest abc', { kind: 'malformed' }],
    ['a header that is too long', null, `Bearer ${'a'.repeat(5000)}`, { kind: 'malformed' }],
  ])('%s', (_name, path, header, expected) => {
    expect(readCredentials(path, header)).toEqual(expected)
  })
})
