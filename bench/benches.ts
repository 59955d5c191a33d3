import { crypto } from './crypto.ts'
import { dial } from './dial.ts'
import { ingest } from './ingest.ts'
import type { Bench } from './lib/bench.ts'
import { rotation } from './rotation.ts'

/** Every benchmark by the name it is called with. */
export const benches: ReadonlyMap<string, Bench> = new Map([
  ['crypto', crypto],
  ['dial', dial],
  ['ingest', ingest],
  ['rotation', rotation],
])
