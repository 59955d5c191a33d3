// Takes a queue's jobs and does nothing about them.
import { Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { bareConfig } from './config.ts'

const AT_ONCE = 200

const [name = ''] = process.argv.slice(2)
const connection = new Redis(bareConfig.redisUrl, { maxRetriesPerRequest: null })
const worker = new Worker(name, () => Promise.resolve(), {
  connection,
  prefix: `{${name}}`,
  concurrency: AT_ONCE,
})
worker.on('error', () => undefined)

process.once('SIGTERM', () => process.exit(0))
