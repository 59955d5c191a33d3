import { connect, type Socket } from 'node:net'

/** Services are on this machine or next to it: one that has not accepted by then is away. */
export const connectTimeoutMs = 2_000

/** A connected socket, or null when the upstream refuses, resets or lets the time pass. */
export async function connectUpstream(address: {
  host: string
  port: number
}): Promise<Socket | null> {
  const socket = connect({ ...address, allowHalfOpen: true, noDelay: true })
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), connectTimeoutMs)
  socket.once('connect', () => resolve(true))
  socket.once('error', () => resolve(false))
  const connected = await promise
  clearTimeout(timer)
  if (connected) return socket
  socket.on('error', () => undefined)
  socket.destroy()
  return null
}
