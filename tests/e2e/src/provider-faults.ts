import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { account } from './simulator.ts'

/** A listener that takes whatever connects, answers with what it is told to, and counts. */
export type Listener = AsyncDisposable & { host: string; port: number; connections(): number }

/** @param answer - null: hangs up as soon as somebody says something */
export async function startListener(answer: string | null): Promise<Listener> {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    socket.on('error', () => undefined)
    socket.once('data', () => (answer === null ? socket.destroy() : socket.end(answer)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    host: `127.0.0.1:${String(port)}`,
    port,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Where Exotel may fail before it is even reached. */
export type Elsewhere = { noName: string; noTls: string; hangsUp: string; nobody: string }

export type ProviderFault = {
  name: string
  /** What the simulator is asked to do; none: the host itself is the fault. */
  fault?: { kind: string; settings?: Record<string, unknown> }
  host?: (elsewhere: Elsewhere) => string
  /** What has to become of the call, so that it is known to have met the fault. */
  becomes: { status: RegExp; reason?: RegExp }
}

/** An answer that says back what it was sent, in every spelling. */
const echo = [
  `Account ${account.apiKey} is suspended`,
  `https://${account.apiKey}:${account.apiToken}@api.exotel.com/v1`,
  `Authorization: Basic ${Buffer.from(`${account.apiKey}:${account.apiToken}`).toString('base64')}`,
  Buffer.from(account.apiToken).toString('hex'),
].join(', ')

const placedAfterAll = { status: /^(in-progress|completed)$/ }
const notPlaced = { status: /^failed$/, reason: /^not_placed$/ }
const stillWaiting = { status: /^queued$/ }

/** Every way in which Exotel, or the way to it, can fail. A redirect's target is the test's to name. */
export const providerFaults: readonly ProviderFault[] = [
  {
    name: '401',
    fault: { kind: 'unauthorized' },
    becomes: { status: /^failed$/, reason: /^provider_auth$/ },
  },
  {
    name: '403 that echoes',
    fault: { kind: 'forbidden', settings: { message: echo } },
    becomes: { status: /^failed$/, reason: /^provider_forbidden$/ },
  },
  {
    name: '429',
    fault: { kind: 'rate_limited', settings: { retryAfterSeconds: 1 } },
    becomes: placedAfterAll,
  },
  { name: '500', fault: { kind: 'server_error' }, becomes: notPlaced },
  {
    name: '500 after placing',
    fault: { kind: 'server_error', settings: { placed: true } },
    becomes: placedAfterAll,
  },
  { name: 'timeout', fault: { kind: 'slow', settings: { ms: 15_000 } }, becomes: placedAfterAll },
  { name: 'malformed', fault: { kind: 'malformed' }, becomes: placedAfterAll },
  { name: 'cut in the answer', fault: { kind: 'cut' }, becomes: placedAfterAll },
  { name: 'cut before it', fault: { kind: 'cut_before' }, becomes: notPlaced },
  {
    name: 'redirect',
    fault: { kind: 'redirect', settings: { status: 307 } },
    becomes: { status: /^failed$/, reason: /^provider_protocol_error$/ },
  },
  { name: 'no such name', host: ({ noName }) => noName, becomes: stillWaiting },
  { name: 'no TLS', host: ({ noTls }) => noTls, becomes: stillWaiting },
  { name: 'TLS hung up on', host: ({ hangsUp }) => hangsUp, becomes: stillWaiting },
  { name: 'nobody there', host: ({ nobody }) => nobody, becomes: stillWaiting },
]
