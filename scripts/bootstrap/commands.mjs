/** What each command runs, from the root of the repository. */
export const commands = {
  demo: { entry: 'packages/launcher/src/main.ts', args: ['demo'] },
  start: { entry: 'packages/launcher/src/main.ts', args: ['start'] },
  cli: { entry: 'packages/cli/src/main.ts', args: [] },
  test: { entry: 'tests/setup/run-tests.ts', args: [] },
  check: { entry: 'scripts/check.ts', args: [] },
  bench: { entry: 'bench/main.ts', args: [] },
  chaos: { entry: 'tests/chaos/main.ts', args: [] },
  format: { entry: 'node_modules/prettier/bin/prettier.cjs', args: ['--write', '.'] },
}
