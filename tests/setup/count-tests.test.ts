import { describe, expect, it } from 'vitest'

import { countTests, type Countable } from './count-tests.ts'

const fine: Countable = { states: ['passed', 'passed', 'skipped'], broken: false }
const oneFailed: Countable = { states: ['passed', 'failed'], broken: true }
const doesNotLoad: Countable = { states: [], broken: true }
const workerDied: Countable = { states: ['passed', 'pending', 'pending'], broken: true }

describe('countTests', () => {
  it.each([
    ['nothing', [], 0, false, { passed: 0, failed: 0 }],
    ['skipped tests as neither', [fine], 0, false, { passed: 2, failed: 0 }],
    [
      'a failed test once, not again for its file',
      [fine, oneFailed],
      0,
      false,
      { passed: 3, failed: 1 },
    ],
    [
      'a file that does not load as a failure',
      [fine, doesNotLoad],
      0,
      false,
      { passed: 2, failed: 1 },
    ],
    ['tests that never ended as failures', [workerDied], 0, false, { passed: 1, failed: 2 }],
    ['an error outside any test as a failure', [fine], 1, false, { passed: 2, failed: 1 }],
    ['a run cut short as a failure', [fine], 0, true, { passed: 2, failed: 1 }],
  ] as const)('counts %s', (_what, modules, strayErrors, interrupted, counts) => {
    expect(countTests(modules, strayErrors, interrupted)).toEqual(counts)
  })
})
