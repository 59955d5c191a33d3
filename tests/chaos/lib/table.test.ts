import { expect, test } from 'vitest'
import { keepsLimit } from './figure.ts'
import { table } from './table.ts'

const figure = (value: number, limit?: Parameters<typeof keepsLimit>[0]['limit']) => ({
  ...{ name: 'lost', value, unit: '' },
  ...(limit === undefined ? {} : { limit }),
})

test.each([
  [figure(3), true],
  [figure(0, { exactly: 0 }), true],
  [figure(1, { exactly: 0 }), false],
  [figure(2, { atMost: 1 }), false],
  [figure(0, { atLeast: 1 }), false],
  [figure(Number.NaN, { exactly: 100 }), false],
  [figure(Number.NaN, { atMost: 100 }), false],
])('%j keeps its limit: %s', (one, kept) => {
  expect(keepsLimit(one)).toBe(kept)
})

test('a broken promise stands out, and 99.999 is not 100', () => {
  const figures = [
    figure(1, { exactly: 0 }),
    { name: 'same state', value: 99.999, unit: '%', limit: { exactly: 100 } },
    { name: 'pace', value: 12.345, unit: 'a second' },
  ]
  expect(table(figures).split('\n')).toEqual([
    'figure             counted  promise',
    '----------  --------------  -------',
    'lost                     1  = 0      BROKEN',
    'same state        99.999 %  = 100    BROKEN',
    'pace        12.35 a second',
  ])
})
