import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { deriveServiceKeys, parseMasterRing } from '../../packages/crypto/src/index.ts'

const program = fileURLToPath(new URL('../make-env.mjs', import.meta.url))
const wholeRunMs = 30_000

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'callwire-make-env-'))
})
afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

function makeEnv(...args: string[]) {
  const file = join(dir, '.env')
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [program, '--file', file, ...args],
    { encoding: 'utf8', timeout: wholeRunMs },
  )
  const text = status === 0 ? readFileSync(file, 'utf8') : ''
  const values = new Map(
    [...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  )
  return { status, said: stdout + stderr, file, values }
}

describe('make-env', () => {
  it('writes a file for this user alone, with rings that follow from the master ring', () => {
    const { status, said, file, values } = makeEnv()
    expect(status).toBe(0)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(dir)).toEqual(['.env'])
    const derived = deriveServiceKeys(parseMasterRing(values.get('ENCRYPTION_KEYS') ?? ''))
    for (const [name, ring] of Object.entries(derived)) expect(values.get(name)).toBe(ring)
    for (const [name, value] of values) {
      if (/KEYS|PASSWORD|SECRET/.test(name) && value !== '') expect(said).not.toContain(value)
    }
    expect(values.get('SIMULATOR_API_TOKEN')).toBe('')
    // A variable that stands there twice would be changed in one place and read from the other.
    expect(readFileSync(file, 'utf8').match(/^[A-Z_]+=/gm)).toHaveLength(values.size)
  })

  it('makes different secrets each time, long enough, and one for each place', () => {
    const secretsOf = (values: Map<string, string>) =>
      [...values]
        // An account of AWS is a person's to name.
        .filter(([name]) => /PASSWORD|SECRET/.test(name) && !name.startsWith('AWS_'))
        .map(([, value]) => value)
    const first = secretsOf(makeEnv().values)
    rmSync(join(dir, '.env'))
    const second = secretsOf(makeEnv().values)
    expect(new Set([...first, ...second]).size).toBe(20)
    for (const secret of first) expect(secret).toMatch(/^[\w-]{43}$/)
  })

  it('leaves a file that is there as it is', () => {
    const before = makeEnv().file
    const text = readFileSync(before, 'utf8')
    const { status, said } = makeEnv('--demo')
    expect(status).toBe(1)
    expect(said).toContain('is there already and stays as it is')
    expect(readFileSync(before, 'utf8')).toBe(text)
  })

  it('sets what the simulator needs for --demo', () => {
    const { values } = makeEnv('--demo')
    expect(values.get('COMPOSE_PROFILES')).toBe('demo')
    expect(values.get('EXOTEL_ALLOWED_HOSTS')).toBe('127.0.0.1:8099')
    expect(values.get('SIMULATOR_API_TOKEN')).toMatch(/^[\w-]{43}$/)
  })

  it('says how it is called', () => {
    const { status, said } = makeEnv('--dmeo')
    expect(status).toBe(1)
    expect(said).toContain('Say node scripts/make-env.mjs')
  })
})
