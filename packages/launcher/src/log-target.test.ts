import { expect, it } from 'vitest'

import { lastPlainLine } from './log-target.ts'

it.each([
  ['{"level":"info"}\ndialer: CONTENT_KEYS is not set.\n', 'dialer: CONTENT_KEYS is not set.'],
  ['Error: no such file\n    at main.ts:1\n\nNode.js v24.21.0\n', 'Error: no such file'],
  ['{"level":"info"}\n', ''],
  ['', ''],
])('finds the last words of %j', (text, words) => {
  expect(lastPlainLine(text)).toBe(words)
})
