import { readFileSync } from 'node:fs'
import { clearInterval, setInterval } from 'node:timers'

const lookEveryMs = 500

/**
 * Calls `gone` once when the npm that started this process has ended without a signal reaching us. Only under npm: a
 * process started in the background by a shell may outlive that shell.
 */
export function watchAncestors(gone) {
  if (process.env.npm_lifecycle_event === undefined) return () => undefined
  const parent = process.ppid
  // npm runs commands through a shell, which may or may not have made way for the command.
  const npm = isShell(parent) ? parentOf(parent) : null
  const timer = setInterval(() => {
    if (process.ppid === parent && (npm === null || parentOf(parent) === npm)) return
    clearInterval(timer)
    gone()
  }, lookEveryMs)
  timer.unref()
  return () => clearInterval(timer)
}

/** `/proc/<pid>/stat` is `pid (name) state ppid …`; the name may hold spaces and brackets. Null where there is none. */
function stat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const end = text.lastIndexOf(')')
    return {
      name: text.slice(text.indexOf('(') + 1, end),
      ppid: Number(text.slice(end + 2).split(' ')[1]),
    }
  } catch {
    return null
  }
}

function isShell(pid) {
  return /^(ba|da|a|z|k)?sh$/.test(stat(pid)?.name ?? '')
}

function parentOf(pid) {
  return stat(pid)?.ppid ?? null
}
