import { expect, test } from 'vitest'
import { inParts, numberLines } from './number-lines.ts'

const numbersOf = (text: string) => numberLines(text).map(({ line, number }) => [line, number])

test.each<[string, string, [number, string][]]>([
  [
    'a plain list',
    '+919876543210\n09876543211\n',
    [
      [1, '+919876543210'],
      [2, '09876543211'],
    ],
  ],
  ['a CSV with a heading', 'phone,name\r\n98765,Asha\r\n', [[2, '98765']]],
  [
    'quotes and other separators',
    '"98765";x\n98766\ty\n',
    [
      [1, '98765'],
      [2, '98766'],
    ],
  ],
  ['blank lines and remarks', '\n# 98765\n\n  98766  \n', [[4, '98766']]],
  ['a byte order mark', '\uFEFF98765', [[1, '98765']]],
  [
    'what is no number, for the gateway to name',
    '98765\nnobody\n',
    [
      [1, '98765'],
      [2, 'nobody'],
    ],
  ],
  ['nothing', '', []],
])('%s', (_name, text, expected) => expect(numbersOf(text)).toEqual(expected))

test('parts hold all, in order', () => {
  expect(inParts([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]])
  expect(inParts([], 2)).toEqual([])
})
