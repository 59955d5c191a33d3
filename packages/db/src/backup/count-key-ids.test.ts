import { expect, test } from 'vitest'
import { createKeyIdCounter } from './count-key-ids.ts'

const table = {
  name: 'calls',
  columns: ['id', 'name', 'person', 'meta'],
  sealed: ['person', 'meta'],
}
const row = (...fields: string[]) => `${fields.join('\t')}\n`
const rows = [
  row('1', 'cw1d.not-sealed.x.y', 'cw1d.k1.x.y', 'cw1d.k2.x.y'),
  row('2', 'é', 'cw1d.k1.x.y', '\\N'),
  row('3', 'a', 'cw1e.x.y', 'no sealed text'),
].join('')

test.each([1, 5, 1_000])('counts by key and column, in pieces of %i bytes', (size) => {
  const counter = createKeyIdCounter()
  const bytes = Buffer.from(rows)
  for (const name of ['calls', 'more']) {
    counter.table({ ...table, name })
    for (let from = 0; from < bytes.length; from += size) {
      counter.rows(bytes.subarray(from, from + size))
    }
  }
  expect(counter.uses()).toEqual([
    { kid: 'k1', place: 'calls.person', rows: 2 },
    { kid: 'k1', place: 'more.person', rows: 2 },
    { kid: 'k2', place: 'calls.meta', rows: 1 },
    { kid: 'k2', place: 'more.meta', rows: 1 },
  ])
})
