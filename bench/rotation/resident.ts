import { execFileSync } from 'node:child_process'

const KIB_TO_MB = 1_024 / 1_000_000

/** A process's resident memory in MB. */
export function residentMb(pid: number): number {
  const text = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })
  return Number(text.trim()) * KIB_TO_MB
}
