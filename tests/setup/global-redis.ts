import type { TestProject } from 'vitest/node'

import { bootRedis } from './boot-redis.ts'
import { shared } from './shared-store.ts'

const redis = shared('redis', bootRedis, async (server) => server.stop())

/** Runs once per project that has selected tests and needs Redis. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await redis.use()
  project.provide('redisUrl', server.url)
  return redis.leave
}
