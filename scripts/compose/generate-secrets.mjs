import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'

const keyBytes = 32
/** Passwords stand in URLs: base64url needs no escaping there. */
const token = () => randomBytes(keyBytes).toString('base64url')

const databaseLogins = [
  'GATEWAY',
  'INGEST',
  'DIALER',
  'TRANSCRIBER',
  'COPILOT',
  'COURIER',
  'BACKUP',
]

/** Every secret of a new install. `node` is a Node 24, which the derivation's TypeScript needs. */
export function generateSecrets(node) {
  const ring = `k1:${randomBytes(keyBytes).toString('base64')}`
  return {
    ENCRYPTION_KEYS: ring,
    ...derivedRings(node, ring),
    JWT_SECRET: token(),
    POSTGRES_PASSWORD: token(),
    ...Object.fromEntries(databaseLogins.map((name) => [`DATABASE_PASSWORD_${name}`, token()])),
    REDIS_PASSWORD: token(),
  }
}

/** What the simulator, as its one account, adds. */
export function generateSimulatorAccount() {
  return { SIMULATOR_API_KEY: token(), SIMULATOR_API_TOKEN: token() }
}

/** Goes through packages/crypto alone, which has no dependencies: nothing has to be installed for it. */
function derivedRings(node, ring) {
  const script = fileURLToPath(new URL('derive-rings.mjs', import.meta.url))
  // By standard input: arguments and environments of processes can be looked at.
  return JSON.parse(execFileSync(node, [script], { input: ring, encoding: 'utf8' }))
}
