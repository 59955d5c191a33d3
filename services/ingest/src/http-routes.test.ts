import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { parseMacRing } from '@callwire/crypto'
import { addressRanges, createHealth, createHttpServer, systemClock } from '@callwire/runtime'
import { captureLogs, eventually } from '@callwire/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { registerRoutes, type RouteDeps } from './http-routes.ts'
import { createIngestMetrics } from './metrics.ts'
import { createUnproven, UNPROVEN_PER_CLIENT } from './unproven.ts'

const host = '127.0.0.1'
const request = `GET /v1/ingest/resolve/${'x'.repeat(32)} HTTP/1.1\r\nHost: x\r\n\r\n`

let undo: AsyncDisposableStack
beforeEach(() => {
  undo = new AsyncDisposableStack()
})
afterEach(() => undo.disposeAsync())

/** The dynamic endpoint before a database that answers when the test says so. */
async function setUp() {
  const unproven = createUnproven({ clock: systemClock })
  const answer = Promise.withResolvers<null>()
  const places = { asked: 0, taken: 0, left: 0, lookedUp: 0 }
  const deps = {
    log: captureLogs().log,
    metrics: createIngestMetrics(),
    clock: systemClock,
    edgeRing: parseMacRing(`k1:${Buffer.alloc(32, 2).toString('base64')}`),
    allowedIps: addressRanges([]),
    trustedProxies: addressRanges([]),
    database: {
      finder: {
        phoneByTokenHash: () => {
          places.lookedUp += 1
          return answer.promise
        },
      },
    },
    unproven: {
      enter: async (client: string) => {
        places.asked += 1
        const isIn = await unproven.enter(client)
        if (isIn) places.taken += 1
        return isIn
      },
      leave: (client: string) => {
        places.left += 1
        unproven.leave(client)
      },
    },
  } as unknown as RouteDeps
  const app = createHttpServer({ log: deps.log })
  registerRoutes(app, deps, createHealth({}))
  await app.listen({ host, port: 0 })
  undo.defer(async () => {
    answer.resolve(null)
    await app.close()
  })
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const ask = async (text = request): Promise<Socket> => {
    const socket = connect({ host, port })
    undo.defer(() => void socket.destroy())
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    socket.write(text)
    return socket
  }
  let open = 0
  app.server.on('connection', (socket: Socket) => {
    open += 1
    socket.once('close', () => (open -= 1))
  })
  return { places, ask, answer: () => answer.resolve(null), open: () => open }
}

test('who leaves while waiting for a place leaves none behind', async () => {
  const { places, ask, answer, open } = await setUp()
  for (let i = 0; i < UNPROVEN_PER_CLIENT; i += 1) await ask()
  await eventually(() => places.taken === UNPROVEN_PER_CLIENT)
  const late = await Promise.all([ask(), ask(), ask()])
  await eventually(() => places.asked === UNPROVEN_PER_CLIENT + late.length)
  const lookedUp = places.lookedUp
  for (const socket of late) socket.resetAndDestroy()
  await eventually(() => open() === UNPROVEN_PER_CLIENT)
  answer()
  // Some give up waiting on a slow machine; none of those that got in keeps its place.
  await eventually(() => places.taken >= UNPROVEN_PER_CLIENT && places.left === places.taken)
  expect(places.lookedUp).toBe(lookedUp)
})

test('so does who sends many requests at once and leaves before they are answered', async () => {
  const { places, ask } = await setUp()
  const socket = await ask(request.repeat(5))
  await eventually(() => places.taken === 5)
  socket.resetAndDestroy()
  await eventually(() => places.left === 5)
})

test('an answer gives the place back, also on a connection that stays', async () => {
  const { places, ask, answer } = await setUp()
  answer()
  const socket = await ask(request.repeat(3))
  await eventually(() => places.left === 3)
  socket.write(request)
  await eventually(() => places.left === 4)
  expect([socket.destroyed, places.taken]).toEqual([false, 4])
})
