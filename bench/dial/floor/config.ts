/** What a process of the floor is told. */
export const floorConfig = {
  databaseUrl: text('DATABASE_URL'),
  redisUrl: text('REDIS_URL'),
  port: Number(text('PORT')),
  exotelOrigin: text('EXOTEL_ORIGIN'),
}

function text(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is missing`)
  return value
}
