import { expect, test } from 'vitest'
import { createSequence } from './sequence.ts'

/** What is missing in all, and how often numbering went back. */
function follow(numbers: readonly number[]) {
  const sequence = createSequence()
  const news = numbers.map((number) => sequence.next(number))
  return {
    missing: news.reduce((sum, { missing }) => sum + missing, 0),
    rewound: news.filter(({ rewound }) => rewound).length,
  }
}
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1)

test.each([
  ['one after the other', upTo(9), { missing: 0, rewound: 0 }],
  ['a hole', [1, 2, 5], { missing: 2, rewound: 0 }],
  ['a single late one', [1, 2, 5, 3, 6], { missing: 2, rewound: 1 }],
  ['numbering that begins anew', [...upTo(100), ...upTo(50)], { missing: 0, rewound: 1 }],
  ['a hole in it', [...upTo(100), 1, 2, 5], { missing: 2, rewound: 1 }],
  ['a hole in it past the old ones', [...upTo(100), ...upTo(95), 110], { missing: 14, rewound: 1 }],
  ['a hole right after it', [...upTo(10), 1, 2, 20], { missing: 17, rewound: 1 }],
  ['two beginnings', [...upTo(9), 1, 2, 1, 2, 3, 12], { missing: 8, rewound: 2 }],
])('%s', (_what, numbers, expected) => {
  expect(follow(numbers)).toEqual(expected)
})

test('a message without a number says nothing', () => {
  const sequence = createSequence()
  sequence.next(4)
  expect(sequence.next(undefined)).toEqual({ missing: 0, rewound: false })
  expect(sequence.last()).toBe(4)
})
