import { expect, test } from 'vitest'
import { planMigrations, planRebuilt } from './plan.ts'

const script = (name: string, checksum = `sum of ${name}`) => ({ name, checksum, text: '' })
const one = script('0001-a.sql')
const two = script('0002-b.sql')

test.each([
  ['an empty database gets all', [one, two], [], { kind: 'run', scripts: [one, two] }],
  ['one behind gets the rest', [one, two], [one], { kind: 'run', scripts: [two] }],
  ['one up to date gets nothing', [one, two], [one, two], { kind: 'run', scripts: [] }],
  ['one ahead is refused', [one], [one, two], { kind: 'ahead', name: two.name }],
  [
    'an edited migration is refused',
    [one, two],
    [script(one.name, 'other'), two],
    { kind: 'changed', name: one.name },
  ],
  [
    'one of another line of history is refused',
    [one, two],
    [one, script('0002-c.sql')],
    { kind: 'ahead', name: '0002-c.sql' },
  ],
])('%s', (_name, known, applied, plan) => {
  expect(planMigrations(known, applied)).toEqual(plan)
})

test.each([
  ['nothing changed', [one, two], false, 0],
  ['one changed, so both run', [one, script(two.name, 'other')], false, 2],
  ['never ran', [], false, 2],
  ['a migration ran: a new table needs its fence', [one, two], true, 2],
])('rebuilt files: %s', (_name, applied, migrated, count) => {
  expect(planRebuilt([one, two], applied, migrated)).toHaveLength(count)
})
