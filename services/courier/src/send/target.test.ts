import { expect, test } from 'vitest'
import { targetOf } from './target.ts'

const allowed = ['127.0.0.1:9000', 'receiver.internal:443', '[::1]:9000']

test('a stranger’s host is spoken to over TLS, and guarded', () => {
  expect(targetOf('https://Hooks.Example:8443/a/b?c=d#e', allowed)).toEqual({
    origin: 'https://hooks.example:8443',
    path: '/a/b?c=d',
    literal: null,
    guarded: true,
  })
})

test.each([
  ['http://127.0.0.1:9000/x', '127.0.0.1'],
  ['https://receiver.internal/x', null],
  ['https://receiver.internal:443/x', null],
  ['http://[::1]:9000/x', '::1'],
])('%s is a host that the operator named', (url, literal) => {
  expect(targetOf(url, allowed)).toMatchObject({ guarded: false, literal })
})

test.each([
  ['another port', 'https://127.0.0.1:9001/', '127.0.0.1'],
  ['a name that ends alike', 'https://evil-receiver.internal/', null],
  ['a name below it', 'https://a.receiver.internal/', null],
  // The resolver takes a root's dot; the list means what it says.
  ['a dot at the end', 'https://receiver.internal./', null],
  ['an address written otherwise', 'https://0x7f.1:443/', '127.0.0.1'],
  ['an address of IPv6', 'https://[::ffff:7f00:1]/', '::ffff:7f00:1'],
])('%s is guarded', (_what, url, literal) => {
  expect(targetOf(url, allowed)).toMatchObject({ guarded: true, literal })
})

test.each([
  ['plain HTTP to a stranger', 'http://hooks.example/'],
  ['plain HTTP to a named host on another port', 'http://receiver.internal/'],
  ['a user', 'https://user@hooks.example/'],
  ['a password', 'https://:secret@hooks.example/'],
  ['another scheme', 'ftp://hooks.example/'],
  ['a file', 'file:///etc/passwd'],
  ['no URL', 'hooks.example'],
  ['nothing', ''],
])('nothing is sent to %s', (_what, url) => {
  expect(targetOf(url, allowed)).toBeNull()
})
