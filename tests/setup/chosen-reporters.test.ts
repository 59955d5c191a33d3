import { expect, it } from 'vitest'
import { parseCLI } from 'vitest/node'

import { chosenReporters } from './chosen-reporters.ts'

it.each([
  [[], ['default']],
  [['--reporter=verbose'], ['verbose']],
  [
    ['--reporter', 'dot', '--reporter=json', 'packages'],
    ['dot', 'json'],
  ],
  [['--reporters=verbose'], ['verbose']],
])('of %j it chooses %j', (args, chosen) => {
  expect(chosenReporters(parseCLI(['vitest', 'run', ...args]).options)).toEqual(chosen)
})
