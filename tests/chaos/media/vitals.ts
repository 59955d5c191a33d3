import { readdirSync, readFileSync } from 'node:fs'

/** What a process holds right now. */
export type Vitals = {
  /** Resident memory. */
  rssBytes: number
  /** Open descriptors: sockets, files, pipes. */
  fds: number
  /** Timers that are set, by the process's own metrics. */
  timers: number
  /** What its objects and buffers take, those included that wait for the collector. */
  heapBytes: number
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
  const metric = (name: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.slice(name.length) ?? NaN,
    )
  return {
    rssBytes: rssOf(pid),
    fds: readdirSync(`/proc/${pid}/fd`).length,
    timers: metric('nodejs_active_resources{type="Timeout"}'),
    heapBytes: metric('nodejs_heap_size_used_bytes') + metric('nodejs_external_memory_bytes'),
  }
}

/** Notes something again and again until `stop`; what could not be had is left out. */
export function sample<T>(look: () => T | Promise<T>, everyMs: number): { stop(): T[] } {
  const seen: T[] = []
  const note = async () => {
    try {
      seen.push(await look())
    } catch {
      // The process may just be another one.
    }
  }
  void note()
  const timer = setInterval(() => void note(), everyMs)
  return {
    stop() {
      clearInterval(timer)
      return seen
    },
  }
}
