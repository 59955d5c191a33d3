import { availableParallelism } from 'node:os'

import { defineConfig } from 'vitest/config'

/** A database server and two busy workers fill two cores; more than eight workers only queue at it. */
const workers = Math.min(Math.max(availableParallelism(), 2), 8)

const folders = '{packages,services,tests,scripts,bench}/**'
/** The first to be set up, so that it looks when all others have cleaned up. */
const scratch = 'tests/setup/global-scratch.ts'
const notOurs = ['**/node_modules/**', '**/dist/**', '.tools/**', '.data/**']
const needsPostgres = `${folders}/*.pg.test.ts`
const needsRedis = `${folders}/*.redis.test.ts`
const needsEverything = `${folders}/*.e2e.test.ts`

/*
 * Bounds are for tests that hang, not for a busy machine: there all that a test does takes several
 * times as long as usual.
 */
export default defineConfig({
  test: {
    pool: 'forks',
    // A busy machine takes seconds to start a store again; what never comes fails all the same.
    expect: { poll: { timeout: 15_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [`${folders}/*.test.ts`],
          exclude: [...notOurs, needsPostgres, needsRedis, needsEverything],
          globalSetup: [scratch],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: workers,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'pg',
          include: [needsPostgres],
          exclude: notOurs,
          globalSetup: [scratch, 'tests/setup/global-postgres.ts'],
          testTimeout: 90_000,
          hookTimeout: 120_000,
          maxWorkers: workers,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'redis',
          include: [needsRedis],
          exclude: notOurs,
          globalSetup: [scratch, 'tests/setup/global-redis.ts'],
          testTimeout: 90_000,
          hookTimeout: 120_000,
          maxWorkers: workers,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: [needsEverything],
          exclude: notOurs,
          globalSetup: [scratch, 'tests/setup/global-postgres.ts', 'tests/setup/global-redis.ts'],
          testTimeout: 300_000,
          hookTimeout: 240_000,
          // Each file runs a whole constellation of processes, which mostly wait for a call to be spoken.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
