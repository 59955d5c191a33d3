import { roles, type Role } from '@callwire/contracts'
import { connectProvisioner, type Provisioner } from '@callwire/db'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  gatewayUnderTest,
  signIn,
  textAt,
  type Answer,
  type GatewayUnderTest,
} from '../../testing/gateway-under-test.ts'

// Each sign-in derives a key on purpose slowly, and a busy machine makes that seconds.
vi.setConfig({ testTimeout: 90_000 })

let gw: GatewayUnderTest
let install: Provisioner
beforeAll(async () => {
  gw = await gatewayUnderTest()
  install = connectProvisioner({ url: gw.databaseUrl })
})
afterAll(async () => {
  await install.close()
  await gw[Symbol.asyncDispose]()
})

const ask = (method: 'GET' | 'POST', path: string, o: { token?: string; body?: object } = {}) =>
  gw.send({
    method,
    url: `/api/v1${path}`,
    token: o.token ?? gw.tenant.apiKey,
    ...(o.body === undefined ? {} : { body: o.body }),
  })
const step = (name: string, kid?: string) =>
  ask('POST', `/keys/${name}`, kid === undefined ? {} : { body: { kid } })

/** A refusal's status, code and reason. */
const refusalOf = ({ status, json }: Answer) => {
  const { error } = json as { error?: { code: string; details?: { reason?: string } } }
  return [status, error?.code, error?.details?.reason]
}

describe('who may see and move the keys', () => {
  const steps = () =>
    gw.gateway.routes.filter(({ paths }) => paths.some((path) => path.startsWith('/keys/')))

  it('is nobody of a tenant that does not operate the install, whatever they may do there', async () => {
    expect(steps()).toHaveLength(10)
    for (const { method, paths, schemas } of steps()) {
      const answer = await gw.send({
        method,
        url: `/api/v1${paths[0] ?? ''}`,
        token: gw.stranger.apiKey,
        ...(schemas.body === null ? {} : { body: { kid: 'k2' } }),
      })
      expect([paths, answer.status, answer.text]).toEqual([
        paths,
        403,
        expect.stringContaining('only the tenant that operates it'),
      ])
    }
    expect(await install.keys.records()).toEqual([])
  })

  it.each(roles)('as %s is what the role says', async (role) => {
    const token = await tokenOf(role)
    const look = await ask('GET', '/keys/status', { token })
    const move = await ask('POST', '/keys/rotate/pause', { token })
    const may = (allowed: Role[], status: number) => (allowed.includes(role) ? status : 403)
    expect([look.status, move.status]).toEqual([
      may(['owner', 'admin', 'auditor'], 200),
      // Nothing is under way: who may pause it is told so.
      may(['owner', 'admin'], 409),
    ])
  })

  it('moves with the mark of the operator', async () => {
    await install.setOperator(gw.stranger.tenantId)
    expect((await ask('GET', '/keys/status')).status).toBe(403)
    expect((await ask('GET', '/keys/status', { token: gw.stranger.apiKey })).status).toBe(200)
    await install.setOperator(gw.tenant.tenantId)
    expect((await ask('GET', '/keys/status')).status).toBe(200)
  })
})

describe('the life of a key', () => {
  it('is shown by ids and counts', async () => {
    const answer = await ask('GET', '/keys/status')
    expect([answer.status, answer.json]).toMatchObject([
      200,
      {
        data: {
          primary: 'k1',
          keys: [{ kid: 'k1', state: 'primary', total: 0 }],
          processes: [{ service: 'gateway', kids: ['k1'], primary: 'k1' }],
          rotation: null,
          verification: null,
        },
      },
    ])
    for (const ring of Object.values(gw.keys)) expect(answer.text).not.toContain(ring.slice(3))
  })

  it('goes no further than every live process has the key', async () => {
    expect(refusalOf(await step('promote', 'k2'))).toEqual([409, 'conflict', 'unknown_key'])
    const introduced = await step('introduce', 'k2')
    expect([introduced.status, introduced.json]).toMatchObject([
      200,
      {
        data: {
          key: { kid: 'k2', state: 'introduced', rows: {}, total: 0 },
          lacking: [{ service: 'gateway', kids: ['k1'] }],
        },
      },
    ])
    const early = await step('promote', 'k2')
    expect([...refusalOf(early), early.json]).toMatchObject([
      409,
      'conflict',
      'not_held',
      { error: { details: { kid: 'k2', processes: [{ service: 'gateway' }] } } },
    ])
    expect(refusalOf(await step('promote', 'k1'))).toEqual([409, 'conflict', 'already_primary'])
    expect(refusalOf(await step('retire', 'k1'))).toEqual([409, 'conflict', 'is_primary'])
    expect(refusalOf(await step('retire', 'k9'))).toEqual([409, 'conflict', 'unknown_key'])
  })

  it('has one job at a time, which pauses and goes on', async () => {
    expect((await ask('GET', '/keys/rotate')).json).toMatchObject({ data: { rotation: null } })
    expect(refusalOf(await step('rotate/resume'))).toEqual([409, 'conflict', 'no_job'])
    const started = await step('rotate')
    expect([started.status, started.json]).toMatchObject([
      202,
      {
        data: {
          rotation: { kind: 'rotate', toKid: 'k1', state: 'running', total: 0, done: 0, failed: 0 },
        },
      },
    ])
    const second = await step('verify')
    expect([...refusalOf(second), second.json]).toMatchObject([
      409,
      'conflict',
      'job_running',
      { error: { details: { job: { kind: 'rotate', startedAt: expect.any(String) as string } } } },
    ])
    const paused = await step('rotate/pause')
    expect([paused.status, textAt(paused, 'rotation.state')]).toEqual([200, 'paused'])
    const resumed = await step('rotate/resume')
    expect([resumed.status, textAt(resumed, 'rotation.state')]).toEqual([200, 'running'])
    expect(textAt(await ask('GET', '/keys/rotate'), 'rotation.id')).toMatch(/^kjb_/)
    expect((await ask('GET', '/keys/verify')).json).toMatchObject({ data: { verification: null } })
  })

  it('is written down: who took which step', async () => {
    const audit = await ask('GET', '/audit?limit=100')
    const { entries } = (audit.json as { data: { entries: Record<string, unknown>[] } }).data
    const taken = entries.filter(({ action }) => String(action).startsWith('keys.'))
    const actions = ['keys.introduce', 'keys.rotate', 'keys.pause', 'keys.resume']
    expect(taken.map(({ action }) => action).sort()).toEqual(actions.sort())
    for (const { actorKind, actorId } of taken) {
      expect([actorKind, actorId]).toEqual(['api_key', expect.stringMatching(/^key_/)])
    }
  })
})

/** The session of somebody with that role and a password of their own. */
async function tokenOf(role: Role): Promise<string> {
  const email = `${role}@example.com`
  const made = await ask('POST', '/users', {
    token: await ownerToken(),
    body: { email, role },
  })
  const currentPassword = textAt(made, 'user.password')
  const newPassword = 'a password of my own'
  const oneTime = await signIn(gw, { email, password: currentPassword })
  await ask('POST', '/auth/password', { token: oneTime, body: { currentPassword, newPassword } })
  return signIn(gw, { email, password: newPassword })
}

let owner: string | null = null
async function ownerToken(): Promise<string> {
  owner ??= await signIn(gw)
  return owner
}
