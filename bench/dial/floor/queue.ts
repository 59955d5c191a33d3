import { Redis } from 'ioredis'
import { floorConfig } from './config.ts'

/** The floor's queue, as BullMQ's own manual sets one up. */
export const queueName = 'floor'
export const prefix = '{floor}'
export const jobOptions = { removeOnComplete: true, removeOnFail: true }

export function connectQueue(): Redis {
  return new Redis(floorConfig.redisUrl, { maxRetriesPerRequest: null })
}
