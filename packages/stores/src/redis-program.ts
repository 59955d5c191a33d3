import { lastLine, runCommand } from './run-command.ts'

/** How to run a Redis server: a program here, or one in a container. */
export type RedisProgram =
  | {
      readonly kind: 'program'
      /** Where it was found, for progress lines. */
      readonly from: string
      readonly command: string
      readonly env: Record<string, string>
    }
  | { readonly kind: 'container'; readonly from: string; readonly image: string }

export type Version = readonly [major: number, minor: number]

/** Redis streams' and scripts' behaviour that Callwire relies on is Redis 7.0's. Valkey starts at 7.2. */
export const redisFloor: Version = [7, 0]

/** Reads `Redis server v=7.0.15 …` and `Valkey server v=8.0.1 …`. */
export function parseRedisVersion(output: string): Version | null {
  const found = /\bv=(\d+)\.(\d+)/.exec(output)
  return found === null ? null : [Number(found[1]), Number(found[2])]
}

export function isRecentEnough(version: Version): boolean {
  return version[0] > redisFloor[0] || (version[0] === redisFloor[0] && version[1] >= redisFloor[1])
}

const versionBoundMs = 5_000

export type Probe =
  | { readonly kind: 'usable' }
  | { readonly kind: 'too_old'; readonly version: Version }
  | { readonly kind: 'unusable'; readonly why: string }
  | { readonly kind: 'missing' }

/** Asks a server program for its version. */
export async function probeRedis(command: string, env: Record<string, string>): Promise<Probe> {
  const result = await runCommand(command, ['--version'], { timeoutMs: versionBoundMs, env })
  if (result.kind === 'missing') return { kind: 'missing' }
  if (result.kind === 'failed') return { kind: 'unusable', why: lastLine(result.stderr) }
  const version = parseRedisVersion(result.stdout)
  if (version === null) return { kind: 'unusable', why: 'its version could not be read' }
  return isRecentEnough(version) ? { kind: 'usable' } : { kind: 'too_old', version }
}
