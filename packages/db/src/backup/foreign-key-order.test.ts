import { expect, test } from 'vitest'
import { foreignKeyOrder } from './foreign-key-order.ts'

const key = (table: string, to: string, deferrable = false) => ({ table, to, deferrable })

test.each([
  ['no keys: by name', ['b', 'a'], [], ['a', 'b']],
  [
    'what is referred to comes first',
    ['a', 'b', 'c'],
    [key('a', 'b'), key('b', 'c')],
    ['c', 'b', 'a'],
  ],
  ['keys that can wait count too', ['a', 'b'], [key('a', 'b', true)], ['b', 'a']],
  ['a table may refer to itself', ['a', 'b'], [key('a', 'a'), key('a', 'b')], ['b', 'a']],
  [
    'a circle through a key that can wait',
    ['a', 'b'],
    [key('a', 'b'), key('b', 'a', true)],
    ['b', 'a'],
  ],
  ['a circle that nothing opens', ['a', 'b'], [key('a', 'b'), key('b', 'a')], null],
])('%s', (_name, tables, keys, order) => {
  expect(foreignKeyOrder(tables, keys)).toEqual(order)
})
