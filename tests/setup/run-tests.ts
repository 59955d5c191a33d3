/**
 * `npm test [-- <vitest's arguments>]`: every test, or those that the arguments select. The last line on standard
 * output is `N passed, N failed`; the exit code is 0 only when something passed and nothing failed.
 */
import { fileURLToPath } from 'node:url'

import { watchParent } from '@callwire/stores'
import { parseCLI, startVitest } from 'vitest/node'

import { chosenReporters, type ReporterOptions } from './chosen-reporters.ts'
import { countingReporter, type Counts } from './count-tests.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

async function runTests(args: readonly string[]): Promise<Counts> {
  // Without a report, vitest ended before its end.
  let counts: Counts = { passed: 0, failed: 1 }
  const counting = countingReporter((seen) => {
    counts = seen
  })
  const { filter, options } = parseCLI(['vitest', 'run', ...args])
  const { reporter, reporters, ...others } = options as typeof options & ReporterOptions
  const vitest = await startVitest(filter, {
    ...others,
    root,
    watch: false,
    run: true,
    reporters: [...chosenReporters({ reporter, reporters }), counting],
  })
  await vitest.close()
  // A set-up that fails, or a selection of nothing, is no test's failure to vitest, and still one.
  const broken = (process.exitCode ?? 0) !== 0 && counts.failed === 0
  return broken ? { ...counts, failed: 1 } : counts
}

// Stores and workers end with this process; there is nothing else to clean up.
watchParent(process.env['CALLWIRE_PARENT_FD'], () => process.exit(1))

let counts: Counts
try {
  counts = await runTests(process.argv.slice(2))
} catch (error) {
  console.error(error)
  counts = { passed: 0, failed: 1 }
}
process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed\n`)
process.exit(counts.passed > 0 && counts.failed === 0 ? 0 : 1)
