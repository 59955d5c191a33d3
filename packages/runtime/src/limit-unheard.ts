import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from './clock.ts'

/** Connections of one address that may stand open without having said who they are. */
export const UNHEARD_PER_ADDRESS = 64
/** The same for all addresses together: file descriptors are finite. */
const UNHEARD_IN_ALL = 4_096
/** Honest clients send their headers with the first packet; a busy machine reads it a little later. */
const YOUNG_MS = 500
/** However young: more than this of one address is no burst of calls. */
const BURST_PER_ADDRESS = 1_024
const LOOK_EVERY_MS = 250

type Unheard = { key: string; sinceMs: number; request: IncomingMessage | null }

/**
 * Bounds the connections of a server that have sent no request yet: Node's own timeouts end each
 * one, but only after seconds, and not how many there are. When an address has too many, the oldest
 * are cut, so that a newcomer which does speak is heard beside those that hold their lines open.
 *
 * @param o.keyOf - the address that a connection counts for; null when it is not to be counted
 * @param o.countsPlain - counts also connections between two plain requests, and those whose
 *   request has not arrived in full: right where only upgrades are meant to stay
 * @param o.onCut - told of each connection that was cut
 */
export function limitUnheard(
  server: Server,
  o: {
    keyOf: (remoteAddress: string) => string | null
    countsPlain: boolean
    clock: Pick<Clock, 'monotonicMs'>
    onCut: () => void
  },
): void {
  /** In the order of their silence, the longest first. */
  const unheard = new Map<Duplex, Unheard>()
  const counts = new Map<string, number>()

  const add = (socket: Socket, key: string) => {
    counts.set(key, (counts.get(key) ?? 0) + 1)
    unheard.set(socket, { key, sinceMs: o.clock.monotonicMs(), request: null })
  }
  const remove = (socket: Duplex) => {
    const entry = unheard.get(socket)
    if (entry === undefined) return
    unheard.delete(socket)
    const left = (counts.get(entry.key) ?? 1) - 1
    if (left === 0) counts.delete(entry.key)
    else counts.set(entry.key, left)
  }
  const cut = (socket: Duplex) => {
    remove(socket)
    socket.destroy()
    o.onCut()
  }
  const look = () => {
    if (unheard.size <= UNHEARD_PER_ADDRESS) return
    const nowMs = o.clock.monotonicMs()
    for (const [socket, { key, sinceMs, request }] of unheard) {
      const isMany = (counts.get(key) ?? 0) > UNHEARD_PER_ADDRESS || unheard.size > UNHEARD_IN_ALL
      const isSilent = request?.complete !== true
      if (isMany && isSilent && nowMs - sinceMs >= YOUNG_MS) cut(socket)
    }
  }

  server.on('connection', (socket: Socket) => {
    const key = o.keyOf(socket.remoteAddress ?? '')
    if (key === null) return
    add(socket, key)
    socket.once('close', () => remove(socket))
    if ((counts.get(key) ?? 0) > BURST_PER_ADDRESS) cut(socket)
  })
  server.on('upgrade', (_request: IncomingMessage, socket: Duplex) => remove(socket))
  server.on('request', (request: IncomingMessage, response) => {
    const { socket } = request
    const entry = unheard.get(socket)
    if (entry === undefined) return
    if (!o.countsPlain) {
      remove(socket)
      return
    }
    entry.request = request
    response.once('close', () => {
      if (unheard.get(socket)?.request !== request) return
      remove(socket)
      if (!socket.destroyed) add(socket, entry.key)
    })
  })
  const timer = setInterval(look, LOOK_EVERY_MS).unref()
  server.once('close', () => clearInterval(timer))
}

/**
 * What connections of one client have in common: an IPv4 address (also when it comes mapped into
 * IPv6), or the first 64 bits of an IPv6 one, which are the least that anybody is given.
 */
export function clientKey(address: string): string {
  const bare = address.toLowerCase().replace(/%.*$/, '')
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)
  if (mapped !== null) return mapped[1] ?? bare
  if (!bare.includes(':')) return bare
  const [head = '', tail] = bare.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros =
    tail === undefined ? [] : Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0')
  const groups = [...before, ...zeros, ...after].slice(0, 4)
  return `${groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':')}::/64`
}
