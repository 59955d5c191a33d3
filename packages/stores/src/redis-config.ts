export type RedisConfig = {
  readonly port: number
  /** Address to listen on: in a container its port is published on loopback only. */
  readonly bind: string
  readonly dir: string
  readonly password: string
  readonly durable: boolean
  readonly pidFile?: string
}

/** redis.conf for a server of our own: nothing evicted, every second on disk, nobody without the password. */
export function redisConfig(config: RedisConfig): string {
  const lines = [
    `port ${config.port}`,
    `bind ${config.bind}`,
    'protected-mode yes',
    `requirepass ${config.password}`,
    `dir ${quoted(config.dir)}`,
    'daemonize no',
    'maxmemory-policy noeviction',
    'save ""',
    `appendonly ${config.durable ? 'yes' : 'no'}`,
    'appendfsync everysec',
    'aof-load-truncated yes',
    ...(config.pidFile === undefined ? [] : [`pidfile ${quoted(config.pidFile)}`]),
  ]
  return `${lines.join('\n')}\n`
}

/** redis.conf takes double quotes with backslash escapes. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
