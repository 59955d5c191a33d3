/** What the floor's server is told. */
export const floorConfig = {
  port: Number(process.env['PORT']),
  redisUrl: process.env['REDIS_URL'] ?? '',
}
