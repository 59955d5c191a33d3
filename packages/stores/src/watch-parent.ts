import { Socket } from 'node:net'

/**
 * Calls `gone` once when the process that started this one has ended, however it ended. The parent holds the other end
 * of a pipe and names its descriptor (`CALLWIRE_PARENT_FD`); without one there is nothing to watch.
 */
export function watchParent(descriptor: string | undefined, gone: () => void): void {
  if (descriptor === undefined || !/^\d{1,3}$/.test(descriptor)) return
  let told = false
  const tell = (): void => {
    if (told) return
    told = true
    gone()
  }
  try {
    const pipe = new Socket({ fd: Number(descriptor), readable: true, writable: false })
    pipe.on('end', tell).on('error', tell).on('close', tell).resume()
    pipe.unref()
  } catch {
    // The descriptor is not a pipe: the variable came from somewhere else.
  }
}
