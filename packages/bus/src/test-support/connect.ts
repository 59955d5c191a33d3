import { randomBytes } from 'node:crypto'
import { captureLogs, testRedis, type CapturedLogs } from '@callwire/testkit'
import { connectRedis, type BusConnection } from '../connection.ts'

/** Ids of a test's own: channels are the whole server's. */
export function uniqueId(prefix: string): string {
  return `${prefix}_${randomBytes(8).toString('hex')}`
}

export type TestBus = AsyncDisposable & { conn: BusConnection; logs: CapturedLogs; url: string }

/** A connection to the run's Redis, or to `url`. */
export async function testBus(url?: string): Promise<TestBus> {
  const target = url ?? (await testRedis()).url
  const logs = captureLogs()
  const conn = await connectRedis({ url: target, name: 'test', log: logs.log })
  return { conn, logs, url: target, [Symbol.asyncDispose]: () => conn[Symbol.asyncDispose]() }
}
