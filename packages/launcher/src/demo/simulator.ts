import { join } from 'node:path'

import { generatedToken, keptSecret } from '../kept-secret.ts'
import { loopback, type Places } from '../places.ts'

/** The simulator's one account, as a real one's four pieces. The token is this data directory's own. */
export type SimulatorAccount = {
  readonly sid: string
  readonly apiKey: string
  readonly apiToken: string
}

/** Made up: the simulator rings nobody. */
export const demoPhone = '+918047112233'
export const demoPerson = '+919876500001'

export function simulatorAccount(dataDir: string): SimulatorAccount {
  return {
    sid: 'callwiredemo1',
    apiKey: keptSecret(dataDir, 'simulator-api-key', generatedToken),
    apiToken: keptSecret(dataDir, 'simulator-api-token', generatedToken),
  }
}

export function simulatorEnvironment(
  account: SimulatorAccount,
  places: Places,
  dataDir: string,
): Record<string, string> {
  return {
    SIMULATOR_PORT: String(places.simulator ?? 0),
    SIMULATOR_ACCOUNT_SID: account.sid,
    SIMULATOR_API_KEY: account.apiKey,
    SIMULATOR_API_TOKEN: account.apiToken,
    // Its log and journal: a simulator that was killed goes on where it was.
    SIMULATOR_DATA_DIR: join(dataDir, 'simulator'),
  }
}

/** The `host:port` by which the dialer knows the simulator. */
export function simulatorHost(places: Places): string {
  return `${loopback}:${places.simulator ?? 0}`
}

/** What the demo sets over what a person did: the simulator as Exotel, and the speech provider that reads its audio. */
export function demoOverrides(places: Places): Record<string, string> {
  return {
    ASR_PROVIDER: 'loopback',
    EXOTEL_ALLOWED_HOSTS: simulatorHost(places),
    EXOTEL_ALLOW_HTTP: 'true',
  }
}
