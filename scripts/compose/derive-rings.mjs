/** Reads the master ring on standard input and writes each service's rings, as `keys derive --json` does. Node 24. */
import { readFileSync } from 'node:fs'

import { deriveServiceKeys, parseMasterRing } from '../../packages/crypto/src/index.ts'

const ring = readFileSync(0, 'utf8').trim()
process.stdout.write(JSON.stringify(deriveServiceKeys(parseMasterRing(ring))))
