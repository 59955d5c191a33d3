import type { BreakableRedis } from './trials.ts'

const refuse = () => Promise.reject(new Error('this system’s Redis is not to be broken'))

/** For trials that break something else. */
export const noRedis: BreakableRedis = { kill: refuse, restart: refuse, flush: refuse }
