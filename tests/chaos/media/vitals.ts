import { readdirSync, readFileSync } from 'node:fs'

/** What a process holds right now. */
export type Vitals = {
  /** Resident memory. */
  rssBytes: number
  /** Open descriptors: sockets, files, pipes. */
  fds: number
  /** Timers that are set, by the process's own metrics. */
  timers: number
}

/** Resident memory, 0 when the process is gone. @see proc_pid_status(5) */
export function rssOf(pid: number): number {
  try {
    const [, kib = '0'] =
      /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kib) * 1024
  } catch {
    return 0
  }
}

/** @throws when the process is gone, or says nothing of itself */
export async function vitalsOf(pid: number): Promise<Vitals> {
  const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  const port = environment.find((one) => one.startsWith('METRICS_PORT='))?.slice(13) ?? ''
  const response = await fetch(`http://127.0.0.1:${port}/metrics`)
  const text = await response.text()
  const [, timers] = /^nodejs_active_resources\{type="Timeout"\} (\d+)/m.exec(text) ?? []
  return {
    rssBytes: rssOf(pid),
    fds: readdirSync(`/proc/${pid}/fd`).length,
    timers: Number(timers ?? Number.NaN),
  }
}

/** Notes a number again and again until `stop`. */
export function sample(look: () => number, everyMs: number): { stop(): number[] } {
  const seen: number[] = [look()]
  const timer = setInterval(() => seen.push(look()), everyMs)
  return {
    stop() {
      clearInterval(timer)
      return seen
    },
  }
}
