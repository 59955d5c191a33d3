import { readFileSync } from 'node:fs'

const BYTES_PER_KIB = 1_024

/** What a process has in memory (proc_pid_status(5), VmRSS), in bytes; NaN without Linux. */
export function residentBytes(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(text)?.[1]) * BYTES_PER_KIB
  } catch {
    return NaN
  }
}
