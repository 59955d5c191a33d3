import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { generate } from 'selfsigned'
import { afterEach, expect, test } from 'vitest'
import { accountAt, clientFor, go, request } from './test-support/account.ts'

const known = getCACertificates('default')
afterEach(() => setDefaultCACertificates(known))

/** Exotel's place over TLS, at `localhost`, with a certificate that speaks for `name`. */
async function secureStandIn(name: string) {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }],
  })
  let requests = 0
  const server = createServer({ cert, key }, (incoming, reply) => {
    requests += 1
    incoming.resume()
    reply.end(JSON.stringify({ Call: { Sid: 'c1', Status: 'in-progress' } }))
  })
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `localhost:${(server.address() as AddressInfo).port}`
  return {
    cert,
    requests: () => requests,
    place: () => clientFor(host, { allowHttp: false }).placeCall(accountAt(host), request, go),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('a certificate that is trusted and speaks for the host is spoken to', async () => {
  await using exotel = await secureStandIn('localhost')
  setDefaultCACertificates([exotel.cert])
  expect(await exotel.place()).toMatchObject({ kind: 'placed' })
  expect(exotel.requests()).toBe(1)
})

test.each([
  ['nobody trusts', 'localhost', false],
  ['speaks for another host', 'exotel.example', true],
])('a certificate that %s gets no byte of a request', async (_what, name, isTrusted) => {
  await using exotel = await secureStandIn(name)
  if (isTrusted) setDefaultCACertificates([exotel.cert])
  expect(await exotel.place()).toEqual({ kind: 'not_sent', reason: 'connect_failed' })
  expect(exotel.requests()).toBe(0)
})
