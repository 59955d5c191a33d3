import { connectDatabase, connectProvisioner, type Database, type Provisioner } from '@callwire/db'
import { systemRandom } from '@callwire/runtime'
import { testDatabase } from '@callwire/testkit'
import type { ProvisionDeps } from '../create-tenant.ts'
import { createTokens, type Tokens } from '../tokens.ts'

export type Arranged = AsyncDisposable & {
  /** As the gateway sees it. */
  database: Database
  copilot: Database
  provisioner: Provisioner
  tokens: Tokens
  clock: { now(): number; advance(ms: number): void }
  random: typeof systemRandom
  provision: ProvisionDeps
}

/** Accounts over an empty database of its own; time moves when told to. */
export async function arrangeAccounts(): Promise<Arranged> {
  const store = await testDatabase()
  const connect = (service: string) =>
    connectDatabase({ url: store.serviceUrl(service), applicationName: 'test' })
  const database = await connect('gateway')
  const copilot = await connect('copilot')
  const provisioner = connectProvisioner({ url: store.url })
  let nowMs = Date.now()
  const clock = { now: () => nowMs, advance: (ms: number) => void (nowMs += ms) }
  const random = systemRandom
  return {
    database,
    copilot,
    provisioner,
    tokens: createTokens({ jwtSecret: 'a-secret-of-at-least-thirty-two-bytes', clock }),
    clock,
    random,
    provision: { provisioner, clock, random },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([database.close(), copilot.close(), provisioner.close()])
      await store.drop()
    },
  }
}
