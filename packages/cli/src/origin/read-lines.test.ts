import { Readable } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readLines, type Line } from './read-lines.ts'

async function linesOf(chunks: readonly (string | Buffer)[], maxBytes = 20): Promise<Line[]> {
  const lines: Line[] = []
  const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)))
  for await (const line of readLines(stream, maxBytes)) lines.push(line)
  return lines
}
const told = (lines: readonly Line[]) => lines.map((l) => [l.number, l.text ?? l.problem])

test.each<[string, string[], unknown]>([
  ['none', [], []],
  ['one without an end', ['{"a":1}'], [[1, '{"a":1}']]],
  [
    'two, over chunks',
    ['{"a"', ':1}\n{', '}\n'],
    [
      [1, '{"a":1}'],
      [2, '{}'],
    ],
  ],
  ['blank ones keep their numbers', ['\n\r\n  \n{}'], [[4, '{}']]],
  [
    'carriage returns',
    ['{}\r\n{}\r\n'],
    [
      [1, '{}'],
      [2, '{}'],
    ],
  ],
  [
    'a byte order mark',
    ['\uFEFF{}\n{}'],
    [
      [1, '{}'],
      [2, '{}'],
    ],
  ],
  ['of the greatest length', ['x'.repeat(20) + '\n'], [[1, 'x'.repeat(20)]]],
  [
    'one too long',
    ['x'.repeat(21) + '\ny'],
    [
      [1, 'line_too_long'],
      [2, 'y'],
    ],
  ],
  [
    'the last too long',
    ['y\n' + 'x'.repeat(9), 'x'.repeat(90)],
    [
      [1, 'y'],
      [2, 'line_too_long'],
    ],
  ],
  ['a character over two chunks', ['é'], [[1, 'é']]],
])('lines: %s', async (_what, chunks, expected) => {
  expect(told(await linesOf(chunks))).toEqual(expected)
})

test('bytes that are no UTF-8 are told, and the next line is read', async () => {
  const lines = await linesOf([Buffer.from([0x7b, 0xff, 0x0a]), 'y'])
  expect(told(lines)).toEqual([
    [1, 'not_utf8'],
    [2, 'y'],
  ])
})

test('says how much of the file is read', async () => {
  const lines = await linesOf(['abc\nde', 'f\n\nlast'])
  expect(lines.map((line) => line.bytesRead)).toEqual([4, 8, 13])
})

test('however a file is cut into chunks, its lines are the same', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary' }),
      fc.integer({ min: 1, max: 7 }),
      async (text, size) => {
        const bytes = Buffer.from(`${text}\nend`)
        const chunks: Buffer[] = []
        for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
        expect(told(await linesOf(chunks, 1_000))).toEqual(told(await linesOf([bytes], 1_000)))
      },
    ),
  )
})

test('of a line without end no more is held than a line may have', async () => {
  const chunk = Buffer.alloc(1024 * 1024, 'x')
  const endless = Readable.from(Array.from({ length: 300 }, () => chunk))
  const before = process.memoryUsage().rss
  const lines: Line[] = []
  for await (const line of readLines(endless, 64 * 1024)) lines.push(line)
  expect(told(lines)).toEqual([[1, 'line_too_long']])
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024)
})
