import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/**
 * The local ports of a process's TCP connections to a port of this machine: each is a request that is under way, as the
 * dialer opens one connection for each. Empty when the process is gone.
 *
 * @see proc_pid_net(5), proc_pid_fd(5)
 */
export function localPortsTo(pid: number, remotePort: number): number[] {
  try {
    const own = socketsOf(pid)
    const table = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').trim().split('\n').slice(1)
    return table.flatMap((line) => {
      const [, local = '', remote = '', state = '', , , , , , inode = ''] = line.trim().split(/\s+/)
      const isTo = portOf(remote) === remotePort && OPEN.has(state)
      return isTo && own.has(inode) ? [portOf(local)] : []
    })
  } catch {
    return []
  }
}

/** ESTABLISHED, and CLOSE_WAIT: the other side is done, this one has not noticed. */
const OPEN = new Set(['01', '08'])

function socketsOf(pid: number): Set<string> {
  const dir = `/proc/${pid}/fd`
  return new Set(
    readdirSync(dir).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${dir}/${fd}`))?.slice(1) ?? []
      } catch {
        // Closed since the folder was read.
        return []
      }
    }),
  )
}

/** The port of `0100007F:1F90`. */
function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1] ?? '', 16)
}
