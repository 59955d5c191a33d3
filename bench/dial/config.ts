/** What the bare queue's worker is told. */
export const bareConfig = { redisUrl: process.env['REDIS_URL'] ?? '' }
