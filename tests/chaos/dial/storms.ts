import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { System } from './system.ts'

/** What was done to the system, counted. */
export type Damage = {
  redisFlushed: number
  redisRestarted: number
  redisRewound: number
  postgresRestarted: number
  gatewayKilled: number
  /** When PostgreSQL was away, epoch ms. */
  postgresAway: { fromMs: number; untilMs: number }[]
}

/** A dialer dies every one to two seconds. */
const killEveryMs = [1_000, 2_000] as const

const pace = {
  redisMs: 4_000,
  postgresMs: 20_000,
  gatewayMs: 13_000,
  betweenFreezesMs: 3_000,
}
const lookEveryMs = 200
const redisTurns = ['flush', 'snapshot', 'restart', 'flush', 'crash', 'flush', 'rewind'] as const

/** Breaks everything again and again until `signal`; then puts it all up again. */
export async function storm(
  system: System,
  o: { freezeMs: number; signal: AbortSignal; onProgress: (line: string) => void },
): Promise<Damage> {
  const damage: Damage = {
    redisFlushed: 0,
    redisRestarted: 0,
    redisRewound: 0,
    postgresRestarted: 0,
    gatewayKilled: 0,
    postgresAway: [],
  }
  const { redis, postgres, dialers } = system
  /** A store that goes away again before anybody came back breaks nothing more. */
  const untilUp = async (): Promise<void> => {
    while (!o.signal.aborted && !(await system.isUp())) await pause(lookEveryMs)
  }
  const pause = (ms: number) => sleep(ms, undefined, { signal: o.signal }).catch(() => undefined)
  const untilStopped = async (waitMs: () => number, strike: (n: number) => Promise<void>) => {
    for (let n = 0; ; n += 1) {
      await pause(waitMs())
      if (o.signal.aborted) return
      await strike(n)
    }
  }
  await Promise.all([
    untilStopped(
      () => randomInt(...killEveryMs),
      async () => {
        system.keepUp()
        await dialers.kill()
      },
    ),
    untilStopped(
      () => pace.betweenFreezesMs,
      async () => dialers.freeze(o.freezeMs),
    ),
    untilStopped(
      () => pace.redisMs,
      async (n) => {
        switch (redisTurns[n % redisTurns.length]) {
          case 'snapshot':
            return redis.snapshot()
          case 'restart':
            await untilUp()
            damage.redisRestarted += 1
            return redis.restart()
          case 'crash':
            await untilUp()
            damage.redisRestarted += 1
            return redis.crash()
          case 'rewind':
            await untilUp()
            damage.redisRewound += 1
            return redis.rewind()
          case 'flush':
          case undefined:
            damage.redisFlushed += 1
            return redis.flush()
        }
      },
    ),
    untilStopped(
      () => pace.postgresMs,
      async (n) => {
        await untilUp()
        const fromMs = Date.now()
        await (n % 2 === 0 ? postgres.restart() : postgres.crash())
        damage.postgresRestarted += 1
        damage.postgresAway.push({ fromMs, untilMs: Date.now() })
        o.onProgress(`PostgreSQL was ${n % 2 === 0 ? 'restarted' : 'killed and started'}`)
      },
    ),
    untilStopped(
      () => pace.gatewayMs,
      async () => {
        damage.gatewayKilled += 1
        await system.killGateway()
      },
    ),
  ])
  system.keepUp()
  return damage
}
