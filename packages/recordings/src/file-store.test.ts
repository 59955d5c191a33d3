import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRecordingStore } from './create-recording-store.ts'
import { fileFailureOf, inTime } from './file-store.ts'
import type { RecordingStore } from './recording-store.ts'

let base: string
let directory: string
let store: RecordingStore
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'recordings-'))
  directory = join(base, 'deep', 'recordings')
  store = createRecordingStore({ kind: 'file', directory })
})
afterEach(() => {
  rmSync(base, { recursive: true, force: true })
})
const key = 'ten_1/cal_1/rec_1-0-1.wav.sealed'
const object = randomBytes(100_000)

describe('a directory of recordings', () => {
  it('gives back what was put, until it is removed, with its empty folders', async () => {
    await store.ping()
    await store.put(key, Buffer.from('before'))
    await store.put(key, object)
    expect((await store.get(key)).equals(object)).toBe(true)
    expect(await store.list('ten_1/cal_1/rec_1-')).toEqual([key])
    expect(await store.list('ten_1/cal_1/rec_2-')).toEqual([])
    await store.remove(key)
    await store.remove(key)
    await expect(store.get(key)).rejects.toMatchObject({ code: 'recording_object_missing' })
    expect(readdirSync(directory)).toEqual([])
    expect(await store.list('ten_1/cal_1/rec_1-')).toEqual([])
  })

  it('is its owner’s alone', async () => {
    await store.put(key, object)
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)
    expect(mode(join(directory, key))).toBe('600')
    for (const folder of ['', 'ten_1', 'ten_1/cal_1']) {
      expect(mode(join(directory, folder))).toBe('700')
    }
  })

  it('leaves nothing half-written, and lists what a process that died left', async () => {
    await store.put(key, object)
    expect(readdirSync(join(directory, 'ten_1/cal_1'))).toHaveLength(1)
    const left = `${key}.00.unfinished`
    writeFileSync(join(directory, left), 'half')
    expect((await store.list('ten_1/cal_1/rec_1-')).toSorted()).toEqual([key, left])
    await store.remove(left)
    expect((await store.get(key)).equals(object)).toBe(true)
  })

  it.each([
    '',
    '/etc/passwd',
    '../outside',
    'a/../../outside',
    'a/./b',
    '..',
    'a\\b',
    'a\0b',
    '.x',
  ])('is never left by the key %j', async (bad) => {
    writeFileSync(join(base, 'outside'), 'theirs')
    await expect(store.put(bad, object)).rejects.toThrow(TypeError)
    await expect(store.get(bad)).rejects.toThrow(TypeError)
    await expect(store.remove(bad)).rejects.toThrow(TypeError)
    expect(readdirSync(base)).toEqual(['outside'])
  })

  it('refuses nothing and too much', async () => {
    await expect(store.put(key, Buffer.alloc(0))).rejects.toThrow(TypeError)
    await expect(store.put(key, Buffer.alloc(10 * 1_048_576))).rejects.toThrow(TypeError)
  })

  it('says what is wrong with the place', async () => {
    await store.put(key, object)
    writeFileSync(join(base, 'a-file'), '')
    const file = createRecordingStore({ kind: 'file', directory: join(base, 'a-file') })
    await expect(file.ping()).rejects.toMatchObject({ code: 'recording_store_malformed' })
    await expect(file.put(key, object)).rejects.toMatchObject({ code: 'recording_store_malformed' })
    writeFileSync(join(directory, 'ten_1/empty'), '')
    await expect(store.get('ten_1/empty')).rejects.toMatchObject({
      code: 'recording_store_malformed',
    })
    symlinkSync('/dev/full', join(directory, 'full'))
    await expect(store.get('ten_1/cal_1')).rejects.toMatchObject({
      code: 'recording_store_malformed',
    })
  })

  it.each(['EACCES', 'EPERM', 'EROFS'])('is denied where others own it: %s', (code) => {
    const error = Object.assign(new Error('/secret/path'), { code })
    const failure = fileFailureOf(error)
    expect(failure).toMatchObject({ code: 'recording_store_denied' })
    expect(failure.message).not.toContain('/secret/path')
  })

  it('that hangs is given up after the time of a try', async () => {
    await store.put(key, object)
    const hung = join(directory, 'ten_1/hung')
    execFileSync('mkfifo', [hung])
    const impatient = createRecordingStore({ kind: 'file', directory }, { timeoutMs: 50 })
    await expect(impatient.get('ten_1/hung')).rejects.toMatchObject({
      ...{ code: 'recording_store_unreachable', retryable: true },
    })
    // Lets go of the one who waits for a writer still.
    const writer = await open(hung, 'r+')
    await writer.close()
  })

  it('is left at once by who is told to stop', async () => {
    const stop = new AbortController()
    const hanging = inTime(() => new Promise<never>(() => undefined), 3_600_000, stop.signal)
    stop.abort(new Error('stop'))
    await expect(hanging).rejects.toThrow('stop')
    await expect(store.put(key, object, { signal: stop.signal })).rejects.toThrow()
    await expect(store.get(key)).rejects.toMatchObject({ code: 'recording_object_missing' })
  })
})
