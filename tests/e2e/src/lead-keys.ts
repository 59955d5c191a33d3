import { join } from 'node:path'
import { expect } from 'vitest'

/** Leads the system from one key to the next and backs it up, and asks for what is refused, too. */
export async function leadKeys(
  dataDir: string,
  runCli: (args: readonly string[]) => Promise<unknown>,
  ask: (method: string, path: string, body?: unknown) => Promise<unknown>,
): Promise<void> {
  const steps = [
    ...['keys introduce k2', 'keys promote k2', 'keys rotate', 'keys verify --json', 'keys status'],
    `backup ${join(dataDir, 'a.backup')}`,
  ]
  for (const step of steps) expect(await runCli(step.split(' ')), step).toMatchObject({ code: 0 })
  for (const refused of ['keys promote k9', 'keys retire k2', 'backup /no/such'])
    expect(await runCli(refused.split(' ')), refused).toMatchObject({ code: 1 })
  await ask('POST', '/api/v1/keys/introduce', { kid: 'k3' })
  await ask('POST', '/api/v1/keys/promote', { kid: 'k3' })
  await ask('POST', '/api/v1/keys/retire', { kid: 'k1' })
  for (const path of ['/api/v1/keys/status', '/api/v1/keys/rotate', '/api/v1/keys/verify'])
    await ask('GET', path)
}
