import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts in these whatever the kernel was built with (proc_pid_stat(5), USER_HZ). */
const MS_PER_TICK = 10
const PARENT = 1
const USER_TIME = 11
const SYSTEM_TIME = 12
const ENDED_CHILDREN_TIMES = [13, 14]

/** What a process has used of processors so far, all its threads, in ms. */
export function cpuMs(pid: number): number {
  const fields = statOf(pid)
  // Without Linux's own book-keeping there is no figure, and a figure that is none is shown as such.
  return fields === null
    ? NaN
    : (Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME])) * MS_PER_TICK
}

/** The same of all children of a process, those that have ended included. */
export function childrenCpuMs(parent: number): number {
  try {
    const own = statOf(parent) ?? []
    const ended = ENDED_CHILDREN_TIMES.reduce((sum, at) => sum + Number(own[at]), 0)
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && Number(statOf(pid)?.[PARENT]) === parent)
      .reduce((sum, pid) => sum + (cpuMs(pid) || 0), ended * MS_PER_TICK)
  } catch {
    return NaN
  }
}

/** What stands behind a process's name (proc_pid_stat(5)), or null. */
function statOf(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in brackets may hold spaces; what follows does not.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}
