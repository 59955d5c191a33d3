import { readFileSync } from 'node:fs'

/** Linux counts in these whatever the kernel was built with (proc_pid_stat(5), USER_HZ). */
const MS_PER_TICK = 10
const USER_TIME = 11
const SYSTEM_TIME = 12

/** What these processes have used of processors so far, all their threads, in ms. */
export function cpuMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0)
}

function cpuMsOf(pid: number): number {
  let text
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    // Without Linux's own book-keeping there is no figure, and a figure that is none is shown as such.
    return NaN
  }
  // The name in brackets may hold spaces; what follows does not.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME])) * MS_PER_TICK
}
