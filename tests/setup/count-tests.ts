import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node'

export type Counts = { readonly passed: number; readonly failed: number }

/** What a module says about itself, as far as counting goes. */
export type Countable = {
  readonly states: readonly ('passed' | 'failed' | 'skipped' | 'pending')[]
  /** The file itself failed: it does not load, a hook threw, its worker died. */
  readonly broken: boolean
}

/**
 * Counts tests. A file that broke without a failed test of its own is one failure, so is each error outside any test;
 * a test that never came to its end has failed, and so has a run that was cut short without any other sign.
 */
export function countTests(
  modules: readonly Countable[],
  strayErrors: number,
  interrupted: boolean,
): Counts {
  let passed = 0
  let failed = strayErrors
  for (const { states, broken } of modules) {
    const failedHere = states.filter((state) => state === 'failed' || state === 'pending').length
    passed += states.filter((state) => state === 'passed').length
    failed += broken && failedHere === 0 ? 1 : failedHere
  }
  return { passed, failed: interrupted && failed === 0 ? 1 : failed }
}

/** A vitest reporter that only counts, and gives the counts to `report` at the end of the run. */
export function countingReporter(report: (counts: Counts) => void): Reporter {
  return {
    onTestRunEnd(modules, errors, reason: TestRunEndReason) {
      report(countTests(modules.map(countable), errors.length, reason === 'interrupted'))
    },
  }
}

function countable(module: TestModule): Countable {
  const states = Array.from(module.children.allTests(), (test) => test.result().state)
  const state = module.state()
  return {
    states,
    broken: state === 'failed' || state === 'queued' || state === 'pending',
  }
}
