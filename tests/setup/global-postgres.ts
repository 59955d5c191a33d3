import type { TestProject } from 'vitest/node'

import { bootPostgres } from './boot-postgres.ts'
import { shared } from './shared-store.ts'

const postgres = shared('postgres', bootPostgres, async (server) => server.stop())

/** Runs once per project that has selected tests and needs Postgres. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await postgres.use()
  project.provide('postgresUrl', server.url)
  project.provide('postgresTemplate', 'name' in server.template ? server.template.name : '')
  project.provide('postgresProblem', 'problem' in server.template ? server.template.problem : '')
  return postgres.leave
}
