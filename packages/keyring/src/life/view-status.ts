import { viewJob } from './job-view.ts'
import { recordOf, sealingKey, type KeyLifeFacts } from './key-facts.ts'
import type { KeyStatusView, KeyView } from './key-life.ts'

export function viewStatus(facts: KeyLifeFacts): KeyStatusView {
  const kids = new Set([
    ...facts.records.map((record) => record.kid),
    ...facts.processes.flatMap((process) => process.kids),
    ...facts.rows.map((row) => row.kid),
  ])
  return {
    primary: sealingKey(facts),
    keys: [...kids].map((kid) => viewKey(facts, kid)),
    processes: facts.processes,
    rotation: facts.rotation === null ? null : viewJob(facts.rotation),
    verification: facts.verification === null ? null : viewJob(facts.verification),
  }
}

function viewKey(facts: KeyLifeFacts, kid: string): KeyView {
  const rows = facts.rows.filter((row) => row.kid === kid)
  return {
    kid,
    state: stateOf(facts, kid),
    rows: Object.fromEntries(rows.map((row) => [row.place, row.rows])),
    total: rows.reduce((sum, row) => sum + row.rows, 0),
  }
}

function stateOf(facts: KeyLifeFacts, kid: string): KeyView['state'] {
  if (kid === sealingKey(facts)) return 'primary'
  const record = recordOf(facts, kid)
  if (record !== null) return record.retiredAt === null ? 'introduced' : 'retired'
  return facts.processes.some((process) => process.kids.includes(kid)) ? 'present' : 'missing'
}
