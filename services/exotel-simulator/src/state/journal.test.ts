import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openJsonLines, readJsonLines } from './journal.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'journal-'))
})
afterEach(() => rm(folder, { recursive: true }))

const unexpected = (code: string) => {
  throw new Error(code)
}

it('reads what was appended, at once', async () => {
  const lines = openJsonLines(folder, 'a.jsonl', unexpected)
  lines.append({ n: 1 })
  expect(await readJsonLines(folder, 'a.jsonl')).toEqual([{ n: 1 }])
  lines.close()
  lines.append({ n: 2 })
  expect(await readJsonLines(folder, 'a.jsonl')).toEqual([{ n: 1 }])
})

it('loses a half-written line and none after it', async () => {
  const first = openJsonLines(folder, 'a.jsonl', unexpected)
  first.append({ n: 1 })
  first.close()
  await appendFile(join(folder, 'a.jsonl'), '{"n":2')
  const second = openJsonLines(folder, 'a.jsonl', unexpected)
  second.append({ n: 3 })
  second.close()
  expect(await readJsonLines(folder, 'a.jsonl')).toEqual([{ n: 1 }, { n: 3 }])
})

it('remembers nothing without a folder', async () => {
  openJsonLines(null, 'a.jsonl', unexpected).append({ n: 1 })
  expect(await readJsonLines(null, 'a.jsonl')).toEqual([])
  expect(await readJsonLines(folder, 'none.jsonl')).toEqual([])
})
