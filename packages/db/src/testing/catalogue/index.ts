import type postgres from 'postgres'
import { functionProblems } from './functions.ts'
import { roleProblems } from './roles.ts'
import { policyProblems, relationProblems, tableProblems } from './tables.ts'

/** Every rule that the catalogue breaks, as `rule: what`. */
export async function catalogueProblems(sql: postgres.Sql): Promise<string[]> {
  const found = [
    ...(await tableProblems(sql)),
    ...(await policyProblems(sql)),
    ...(await relationProblems(sql)),
    ...(await roleProblems(sql)),
    ...(await functionProblems(sql)),
  ]
  return found.sort()
}
