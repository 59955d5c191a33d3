import { statSync } from 'node:fs'
import { auditLog } from '@callwire/db'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { EXIT_FAILED, EXIT_USAGE } from '../run-cli.ts'
import { installUnderTest, sink, type InstallUnderTest } from '../testing/install-under-test.ts'

// A process looks every 2 s, and a busy machine takes its time.
vi.setConfig({ testTimeout: 90_000 })

let install: InstallUnderTest
beforeAll(async () => {
  install = await installUnderTest()
})
afterAll(() => install[Symbol.asyncDispose]())

const keys = (...args: string[]) => install.cli(['keys', ...args])

describe('before any process runs', () => {
  test('there is nothing to show, and nobody to introduce a key to', async () => {
    expect((await keys('status')).out).toContain('no key is known')
    const { code, err } = await keys('introduce')
    expect([code, err]).toEqual([EXIT_FAILED, expect.stringContaining('Start the system')])
  })

  test('a new key is in the file all the same, once', async () => {
    expect((await keys('introduce', 'k2')).code).toBe(EXIT_FAILED)
    expect(install.keysText()).toMatch(/^k1:[A-Za-z0-9+/]{43}=,k2:[A-Za-z0-9+/]{43}=\n$/)
    expect(statSync(install.keysFile).mode & 0o777).toBe(0o640)
  })
})

describe('a rotation from end to end', () => {
  let dialer: AsyncDisposable
  const rows = 230
  beforeAll(async () => {
    await install.addCalls(rows)
    dialer = await install.startDialer()
  })
  afterAll(() => dialer[Symbol.asyncDispose]())

  test('status shows keys, rows and processes', async () => {
    const { out, code } = await keys('status')
    expect(code).toBe(0)
    expect(out).toMatch(/k1 +primary +230 +calls\.person 230/)
    expect(out).toMatch(/dialer +\S+ +k1 k2 +k1/)
    expect(JSON.parse((await keys('status', '--json')).out)).toMatchObject({
      primary: 'k1',
      processes: [{ service: 'dialer', kids: ['k1', 'k2'] }],
    })
  })

  test('a step too early is refused, with what to do first', async () => {
    const early = await keys('promote', 'k2')
    expect([early.code, early.err]).toEqual([
      EXIT_FAILED,
      'callwire: Key k2 has not been introduced. Run `callwire keys introduce k2` first.\n',
    ])
    const json = JSON.parse((await keys('promote', 'k9', '--json')).err) as {
      error: { code: string; details: unknown }
    }
    expect(json.error).toMatchObject({ code: 'unknown_key', details: { kid: 'k9' } })
  })

  test('introduce takes the next free id, hands it out and waits until everybody holds it', async () => {
    expect((await keys('introduce', 'k2')).out).toContain('next: callwire keys promote k2')
    const made = await keys('introduce', '--json')
    expect([made.code, JSON.parse(made.out)]).toEqual([
      0,
      { kid: 'k3', keysFile: install.keysFile, lacking: [] },
    ])
    expect(install.keysText().split(',')).toHaveLength(3)
  })

  test('promote makes it the primary, once', async () => {
    expect((await keys('promote', 'k2')).out).toContain('next: callwire keys rotate')
    const again = await keys('promote', 'k2')
    expect([again.code, again.err]).toEqual([
      EXIT_FAILED,
      'callwire: Key k2 is the primary already. Go on with `callwire keys rotate`.\n',
    ])
  })

  test('a key that still seals rows stays', async () => {
    expect((await keys('retire', 'k1')).err).toContain('Run `callwire keys rotate`')
    expect((await keys('retire', 'k2')).err).toContain('promote another first')
  })

  test('rotate ends with figures; verify opens everything', async () => {
    const rotated = await keys('rotate')
    expect(rotated).toMatchObject({ code: 0, err: '' })
    expect(rotated.out).toContain('100%  230/230  0 failed')
    expect(rotated.out).toContain('next: callwire keys verify')
    expect((await keys('retire', 'k1')).err).toContain('Run `callwire keys verify`')
    const verified = JSON.parse((await keys('verify', '--json')).out) as Record<string, unknown>
    expect(verified).toMatchObject({ state: 'done', total: rows, done: rows, failed: 0, eta: 0 })
    expect(verified['rate']).toEqual(expect.any(Number))
  })

  test('retire gives the key up, and takes it out of the file when told to', async () => {
    const before = install.keysText()
    expect((await keys('retire', 'k1')).out).toContain('keys retire k1 --remove')
    expect(install.keysText()).toBe(before)
    expect((await keys('retire', 'k1', '--remove')).out).toContain('is out of')
    expect(install.keysText()).toMatch(/^k2:\S+,k3:\S+\n$/)
    expect((await keys('introduce', 'k1')).err).toContain('never used again')
    expect(install.keysText()).toMatch(/^k2:\S+,k3:\S+\n$/)
  })

  test('every step is in the operator’s audit', async () => {
    const entries = await install.provisioner.withTenant(install.tenantId, (tx) =>
      tx.select().from(auditLog),
    )
    const steps = entries.filter(({ actorKind, action }) => {
      return actorKind === 'operator' && action.startsWith('keys.')
    })
    expect(new Set(steps.map(({ action }) => action))).toEqual(
      new Set(['keys.introduce', 'keys.promote', 'keys.rotate', 'keys.verify', 'keys.retire']),
    )
  })
})

describe('with nobody to do the work', () => {
  test('a job is left, paused and gone on with; one at a time', async () => {
    const stop = new AbortController()
    stop.abort()
    const left = await install.cli(['keys', 'rotate'], { signal: stop.signal })
    expect(left.code).toBe(0)
    expect(left.out).toContain('no dialer is running')
    expect(left.out).toContain('goes on without this command')
    expect((await keys('verify')).err).toContain('Follow it with `callwire keys rotate`')
    expect((await keys('verify', '--pause')).err).toContain('No job is open.')
    expect((await keys('rotate', '--pause')).out).toContain('paused')
    expect((await keys('rotate')).err).toContain('`callwire keys rotate --resume`')
    const resumed = await install.cli(['keys', 'rotate', '--resume', '--detach', '--json'])
    expect(JSON.parse(resumed.out)).toMatchObject({ kind: 'rotate', state: 'running' })
    expect((await keys('rotate', '--pause', '--resume')).code).toBe(EXIT_USAGE)
  })

  test('a terminal gets one line that changes', async () => {
    const stop = new AbortController()
    const stdout = sink(true)
    const asked = install.cli(['keys', 'rotate'], { signal: stop.signal, stdout })
    await eventually(() => stdout.read().includes('\r\u001b[2Krotate  ░░░░'))
    stop.abort()
    expect((await asked).out).toContain('\r\u001b[2Kthe rotation goes on without this command')
  })
})

describe('without a keys file', () => {
  test('the entry is printed, and where it goes; nothing is introduced', async () => {
    const before = await install.provisioner.keys.records()
    const { code, out, err } = await install.cli(['keys', 'introduce'], { keysFile: false })
    expect([code, err]).toEqual([EXIT_FAILED, expect.stringContaining('No keys file is known')])
    expect(out).toMatch(/^add this at the end of ENCRYPTION_KEYS, after a comma:\nk\d+:\S{44}\n$/)
    expect(await install.provisioner.keys.records()).toEqual(before)
  })

  test('removing says where to do it', async () => {
    const { err } = await install.cli(['keys', 'retire', 'k1', '--remove'], { keysFile: false })
    expect(err).toContain('take its entry out of ENCRYPTION_KEYS where that is set')
  })
})

describe('an id that is not free', () => {
  test.each(['K2', 'k_2', '-k', 'k'.repeat(33)])('%s is none', async (kid) => {
    expect((await keys('introduce', '--kid', kid)).err).toContain('A key id is')
  })
})

test('the operator can be shown and changed', async () => {
  const tenant = (...args: string[]) => install.cli(['tenant', 'operator', ...args])
  expect((await tenant()).out).toBe(`${install.tenantId}\n`)
  expect((await tenant('ten_000000000000000000000000')).err).toContain('No such tenant')
  expect((await tenant(install.tenantId)).code).toBe(0)
})
