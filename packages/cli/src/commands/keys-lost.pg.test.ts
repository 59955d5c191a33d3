import { writeFileSync } from 'node:fs'
import { vaultStandIn } from '@callwire/key-service/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { EXIT_FAILED } from '../run-cli.ts'
import {
  installUnderTest,
  masterEntry,
  type InstallUnderTest,
} from '../testing/install-under-test.ts'

// A process looks every 2 s, and a busy machine takes its time.
vi.setConfig({ testTimeout: 90_000 })

let install: InstallUnderTest
beforeEach(async () => {
  install = await installUnderTest()
})
afterEach(() => install[Symbol.asyncDispose]())

const keys = (args: string[], env: Record<string, string> = {}) =>
  install.cli(['keys', ...args], { env })

describe('a lost key', () => {
  test('keeps processes from starting, and is not replaced unasked', async () => {
    await install.addCalls(3)
    writeFileSync(install.keysFile, masterEntry('k2'))
    await expect(install.startDialer()).rejects.toMatchObject({ code: 'key_missing' })
    const { code, err } = await keys(['introduce', 'k1'])
    expect([code, err]).toEqual([
      EXIT_FAILED,
      expect.stringContaining('Put that key back into ENCRYPTION_KEYS'),
    ])
    expect((await keys(['status'])).out).toMatch(/k1 +missing +3 .*\n[^]*put it back/)
  })

  test('whose id was given away on purpose leaves rows that every job names', async () => {
    await install.addCalls(3)
    // Another key under the id that rows name; no process ever showed the real one.
    writeFileSync(install.keysFile, [masterEntry('k2'), masterEntry('k1')].join(','))
    await using _dialer = await install.startDialer()
    expect((await keys(['introduce', 'k3'])).code).toBe(0)
    expect((await keys(['promote', 'k3'])).code).toBe(0)
    const { code, out, err } = await keys(['rotate'])
    expect([code, err]).toEqual([EXIT_FAILED, expect.stringContaining('3 rows did not open')])
    expect(out.match(/^failed: calls\.person ten_\S+ cal_\S+$/gm)).toHaveLength(3)
    expect((await keys(['introduce', 'k1'])).code).toBe(0)
    expect((await keys(['retire', 'k1'])).err).toContain('3 rows are sealed under key k1')
  })
})

describe('a keys file that a key service wraps', () => {
  const token = 'hvs.a-token-of-this-test'
  const wrapped = 'k1:vault:v1:AAAA\n'

  test('takes a wrapped entry, and no other', async () => {
    await using vault = await vaultStandIn({ token, keys: ['callwire'] })
    const env = {
      KEY_SERVICE: 'vault',
      VAULT_ADDR: vault.url,
      VAULT_TOKEN: token,
      VAULT_TRANSIT_KEY: 'callwire',
    }
    writeFileSync(install.keysFile, wrapped)
    expect((await keys(['introduce'])).err).toContain('Set KEY_SERVICE')
    expect(install.keysText()).toBe(wrapped)
    // Nobody runs, so that the key is made and waits for somebody.
    expect((await keys(['introduce'], env)).err).toContain('Start the system')
    expect(install.keysText()).toMatch(/^k1:vault:v1:AAAA,k2:vault:v1:\S+\n$/)
    const plain = `${masterEntry('k1')}\n`
    writeFileSync(install.keysFile, plain)
    expect((await keys(['introduce'], env)).err).toContain('KEY_SERVICE is set')
    expect(install.keysText()).toBe(plain)
  })
})
