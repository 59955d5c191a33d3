import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FaultSchema } from './state/fault.ts'
import { createFaults } from './state/faults.ts'
import { sampleCall } from './testing/sample-call.ts'
import { startWorld, until, type World } from './testing/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const error = (status: number, message: string) => ({
  RestException: { Status: status, Message: message },
})
const placed = () => world.simulator.exchange.list().length

describe('faults of the API', () => {
  const fault = (body: Record<string, unknown>) => world.control('faults', body)
  it.each([
    [{ kind: 'unauthorized' }, 401, 'Authorization failed'],
    [{ kind: 'forbidden', message: 'Account suspended' }, 403, 'Account suspended'],
    [{ kind: 'rate_limited' }, 429, 'Too many requests'],
    [{ kind: 'server_error' }, 500, 'Could not originate the call'],
    [{ kind: 'server_error', status: 504 }, 504, 'Could not originate the call'],
  ])('%j answers %i, once, and places nothing', async (body, status, message) => {
    await fault(body)
    const before = placed()
    const reply = await world.connect(world.streamFields())
    expect([reply.status, JSON.parse(reply.text)]).toEqual([status, error(status, message)])
    expect(placed()).toBe(before)
    expect((await world.connect(world.streamFields())).status).toBe(200)
  })
  it('rate_limited can say when to come back', async () => {
    await fault({ kind: 'rate_limited', retryAfterSeconds: 3 })
    expect((await world.connect(world.streamFields())).headers['retry-after']).toBe('3')
  })
  it('redirect goes elsewhere and places nothing', async () => {
    const before = placed()
    await fault({ kind: 'redirect', status: 307, location: 'http://127.0.0.1:9/else' })
    const reply = await world.connect(world.streamFields())
    expect([reply.status, reply.headers['location']]).toEqual([307, 'http://127.0.0.1:9/else'])
    expect(placed()).toBe(before)
  })
  it.each([
    [{ kind: 'cut' }, 1],
    [{ kind: 'cut_before' }, 0],
  ])('%j drops the connection', async (body, more) => {
    const before = placed()
    await fault(body)
    await expect(world.connect(world.streamFields())).rejects.toThrow()
    expect(placed()).toBe(before + more)
  })
  it('malformed, slow and a placing server_error place the call all the same', async () => {
    const before = placed()
    await fault({ kind: 'malformed' })
    const broken = await world.connect(world.streamFields())
    expect(broken.status).toBe(200)
    expect(() => JSON.parse(broken.text) as unknown).toThrow()
    await fault({ kind: 'server_error', placed: true })
    expect((await world.connect(world.streamFields())).status).toBe(500)
    await fault({ kind: 'slow', ms: 60_000 })
    const slow = world.connect(world.streamFields()).catch(() => null)
    await until(() => placed() === before + 3)
    await expect(Promise.race([slow, Promise.resolve('still waiting')])).resolves.toBe(
      'still waiting',
    )
    void slow
  })
  it('strike as often as chance has it, and count only then', async () => {
    const faults = createFaults(() => 0.5)
    const api = (chance: number) =>
      faults.add(FaultSchema.parse({ kind: 'cut', chance, times: 'always' }))
    const never = api(0.5)
    expect(faults.takeApi({ accountSid: 'acme1', on: 'connect', numbers: [] })).toBeNull()
    const now = api(0.6)
    expect(faults.takeApi({ accountSid: 'acme1', on: 'connect', numbers: [] })).toBe(now.fault)
    faults.add(FaultSchema.parse({ kind: 'missing', chance: 0.4, times: 'always' }))
    const late = faults.add(FaultSchema.parse({ kind: 'twice', chance: 0.9 }))
    faults.bind(sampleCall({ sid: 'struck' }))
    const struck = faults.list().map(({ id, taken, calls }) => ({ id, taken, calls }))
    expect(struck).toEqual([
      { id: never.id, taken: 0, calls: [] },
      { id: now.id, taken: 1, calls: [] },
      { id: expect.any(String) as string, taken: 0, calls: [] },
      { id: late.id, taken: 1, calls: ['struck'] },
    ])
    expect((await world.control('faults', { kind: 'cut', chance: 1.1 })).status).toBe(400)
  })
  it('strike only whom they are meant for', async () => {
    await fault({ kind: 'unauthorized', on: 'read', times: 'always' })
    await fault({ kind: 'server_error', number: 90002, accountSid: 'acme1' })
    expect((await world.connect(world.streamFields())).status).toBe(200)
    expect((await world.connect(world.streamFields({ From: '+919000090002' }))).status).toBe(500)
    expect((await world.read('/v1/Accounts/acme1/Calls.json')).status).toBe(401)
    expect((await world.read('/v1/Accounts/acme1/Calls.json')).status).toBe(401)
    await world.send('DELETE', '/simulator/faults')
    expect((await world.read('/v1/Accounts/acme1/Calls.json')).status).toBe(200)
  })
})
