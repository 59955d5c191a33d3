import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

const ONE = '0'

/** Keeps a process, with all its threads and what it will start, to some cores. False when that cannot be had. */
export function pin(pid: number, cores: string): boolean {
  const { status } = spawnSync('taskset', ['-a', '-c', '-p', cores, String(pid)], {
    stdio: 'ignore',
  })
  return status === 0
}

/** One core for what is measured, the others for what loads it; null on a machine that has one alone. */
export function divideCores(): { measured: string; others: string } | null {
  const cores = availableParallelism()
  return cores < 2 ? null : { measured: ONE, others: cores === 2 ? '1' : `1-${cores - 1}` }
}
