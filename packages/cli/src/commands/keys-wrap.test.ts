import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { vaultStandIn, type VaultStandIn } from '@callwire/key-service/testing'
import { scratchDir } from '@callwire/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createProgram } from '../program.ts'
import { EXIT_FAILED, runCli } from '../run-cli.ts'

const token = 'hvs.a-token-of-this-test'
const key = Buffer.alloc(32, 7).toString('base64')
const main = fileURLToPath(new URL('../main.ts', import.meta.url))

let vault: VaultStandIn
let env: Record<string, string>
let dir: string
beforeEach(async () => {
  vault = await vaultStandIn({ token, keys: ['callwire'] })
  dir = await scratchDir('keys-wrap')
  env = {
    KEY_SERVICE: 'vault',
    VAULT_ADDR: vault.url,
    VAULT_TOKEN: token,
    VAULT_TRANSIT_KEY: 'callwire',
  }
})
afterEach(async () => {
  await vault[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

async function cli(args: string[], more: Record<string, string> = {}) {
  let out = ''
  let err = ''
  const { signal } = new AbortController()
  const stderr = { write: (text: string) => (err += text) }
  const program = createProgram({
    env: { ...env, ...more },
    cwd: '/nowhere',
    stdout: { write: (text: string) => (out += text) },
    stderr,
    signal,
  })
  const code = await runCli(program, args, stderr)
  return { code, out, err }
}

describe('keys wrap', () => {
  it('prints an entry with a new key, which keys derive opens', async () => {
    const first = await cli(['keys', 'wrap', 'k1'])
    const second = await cli(['keys', 'wrap', 'k2', '--json'])
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(first.out).toMatch(/^k1:vault:v1:\S+\n$/)
    const { kid, entry } = JSON.parse(second.out) as { kid: string; entry: string }
    expect(kid).toBe('k2')

    const ring = `${first.out.trim()},${entry}`
    const derived = await cli(['keys', 'derive', '--json'], { ENCRYPTION_KEYS: ring })
    const rings = JSON.parse(derived.out) as Record<string, string>
    expect(rings['CONTENT_KEYS']).toMatch(/^k1:[^:]+,k2:[^:]+$/)
    expect(Object.keys(rings)).toContain('BACKUP_SEAL_KEYS')
  })

  it('wraps a key that there is, from a file', async () => {
    const file = join(dir, 'key')
    writeFileSync(file, `${key}\n`)
    const { out } = await cli(['keys', 'wrap', 'k1', '--key', file])
    const wrapped = await cli(['keys', 'derive'], { ENCRYPTION_KEYS: out })
    const plain = await cli(['keys', 'derive'], { ENCRYPTION_KEY: key, KEY_SERVICE: '' })
    expect(wrapped.out).toBe(plain.out)
  })

  it('reads a key on standard input', async () => {
    const child = spawn(process.execPath, [main, 'keys', 'wrap', 'k1', '--key', '-'], { env })
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')))
    child.stdin.end(`${key}\n`)
    await once(child, 'close')
    expect(out).toMatch(/^k1:vault:v1:\S+\n$/)
    expect(out).not.toContain(key)
  })

  it.each([
    [['k1'], { KEY_SERVICE: '' }, 'KEY_SERVICE is not set'],
    [['k1'], { VAULT_TOKEN: '' }, 'VAULT_TOKEN is not set, and KEY_SERVICE is vault.'],
    [['k1'], { VAULT_TOKEN: 'hvs.hunter2' }, 'does not let us in'],
    [['K 1'], {}, 'A key id is 1 to 32'],
    [['k1', '--key', '/nonexistent'], {}, 'can’t be read'],
  ])('%j with %j says why not', async (args, more, sentence) => {
    const { code, out, err } = await cli(['keys', 'wrap', ...args], more)
    expect(code).toBe(EXIT_FAILED)
    expect(err).toContain(sentence)
    expect(`${out}${err}`).not.toContain('hunter2')
  })

  it.each(['hunter2', key.slice(4), ''])('does not take %j for a key', async (text) => {
    const file = join(dir, 'key')
    writeFileSync(file, text)
    const { err } = await cli(['keys', 'wrap', 'k1', '--key', file])
    expect(err).toContain('The key must be the base64 of 32 bytes.')
    expect(err).not.toContain('hunter2')
    expect(vault.asked).toEqual([])
  })
})

describe('keys derive', () => {
  it('says which key its service does not open', async () => {
    const { code, err } = await cli(['keys', 'derive'], { ENCRYPTION_KEYS: `k1:${key}` })
    expect(code).toBe(EXIT_FAILED)
    expect(err).toContain('Key k1 cannot be unwrapped. Vault at ')
    expect(err).not.toContain(key)
  })

  it('names a ring that is none', async () => {
    const { err } = await cli(['keys', 'derive'], { ENCRYPTION_KEYS: 'hunter2' })
    expect(err).toContain('ENCRYPTION_KEYS: Entry 1 of the key ring')
    expect(err).not.toContain('hunter2')
  })
})
