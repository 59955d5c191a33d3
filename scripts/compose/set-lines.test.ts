import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const program = fileURLToPath(new URL('set-lines.mjs', import.meta.url))
const before = '# Keys\nCONTENT_KEYS=k1:old\nEDGE_KEYS=k1:edge\n\nCONTENT_KEYS=k1:older\nLAST='

let dir: string
let file: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'callwire-set-lines-'))
  file = join(dir, '.env')
  writeFileSync(file, before, { mode: 0o644 })
})
afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

function setLines(input: string, path = file) {
  const { status, stderr, stdout } = spawnSync(process.execPath, [program, path], {
    input,
    encoding: 'utf8',
  })
  return { status, said: stdout + stderr }
}

describe('set-lines', () => {
  it('replaces every line of a variable, adds what is missing, and leaves the rest', () => {
    const { status, said } = setLines('CONTENT_KEYS=k1:new==,k2:new==\nCALLBACK_KEYS=k2:more\n')
    expect(status).toBe(0)
    expect(readFileSync(file, 'utf8')).toBe(
      '# Keys\nCONTENT_KEYS=k1:new==,k2:new==\nEDGE_KEYS=k1:edge\n\nCONTENT_KEYS=k1:new==,k2:new==\nLAST=\nCALLBACK_KEYS=k2:more\n',
    )
    expect(said).toContain('CONTENT_KEYS, CALLBACK_KEYS')
    expect(said).not.toContain('k2:')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(dir)).toEqual(['.env'])
  })

  it.each([
    ['nothing', '\n'],
    ['a line that is none', 'EDGE_KEYS=k1:new\nk2:secret\n'],
    ['an empty value', 'EDGE_KEYS=\n'],
  ])('changes nothing when %s comes', (_name, input) => {
    const { status, said } = setLines(input)
    expect(status).toBe(1)
    expect(said).toContain('nothing is changed')
    expect(said).not.toContain('secret')
    expect(readFileSync(file, 'utf8')).toBe(before)
  })

  it('makes no file where there is none', () => {
    expect(setLines('EDGE_KEYS=k1:new\n', join(dir, 'other'))).toMatchObject({ status: 1 })
    expect(readdirSync(dir)).toEqual(['.env'])
  })
})
