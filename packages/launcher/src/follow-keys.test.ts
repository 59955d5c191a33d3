import { deriveServiceKeys, parseMasterRing, type ServiceKeys } from '@callwire/crypto'
import { KeyServiceError } from '@callwire/key-service'
import { AppError } from '@callwire/runtime'
import { captureLogs, manualClock } from '@callwire/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { followKeys, lookEveryMs } from './follow-keys.ts'

const entry = (kid: string, byte: number) => `${kid}:${Buffer.alloc(32, byte).toString('base64')}`
const k1 = entry('k1', 1)
const k2 = entry('k2', 2)
const keysOf = (text: string) => deriveServiceKeys(parseMasterRing(text))

let text: string | null
let stillUsed: boolean
let away: boolean
let written: ServiceKeys[]
let told: string[]
let logs: ReturnType<typeof captureLogs>
let clock: ReturnType<typeof manualClock>
let following: AsyncDisposable

beforeEach(async () => {
  text = k1
  stillUsed = false
  away = false
  written = []
  told = []
  logs = captureLogs()
  clock = manualClock()
  following = followKeys({
    source: {
      file: '/the/file',
      read() {
        if (text === null) throw new AppError({ code: 'keys_file_unreadable', message: 'Gone.' })
        return text
      },
    },
    open: async (ring) => {
      if (away) throw new KeyServiceError('key_service_unreachable', 'Vault does not answer.')
      return Promise.resolve(ring)
    },
    requireUnused: async ({ gone }) => {
      if (stillUsed)
        throw new AppError({ code: 'key_missing', message: `Rows need ${gone.join()}.` })
      return Promise.resolve()
    },
    write: (keys) => void written.push(keys),
    keys: keysOf(k1),
    text: k1,
    clock,
    signal: new AbortController().signal,
    log: logs.log,
    tell: (sentence) => void told.push(sentence),
  })
  await clock.advance(0)
})

afterEach(async () => {
  await following[Symbol.asyncDispose]()
})

const look = async (): Promise<void> => clock.advance(lookEveryMs)
const warnings = () => logs.lines().filter((line) => line['level'] === 'warn')

describe('followKeys', () => {
  it('hands out nothing while nothing changes', async () => {
    await look()
    await look()
    expect(written).toEqual([])
    expect(told).toEqual([])
  })

  it('hands out a ring that has one key more, once', async () => {
    text = `${k1},${k2}`
    await look()
    await look()
    expect(written).toEqual([keysOf(text)])
    expect(told).toEqual(['keys taken up: k1, k2'])
  })

  it('lets go of a key that nothing needs', async () => {
    text = `${k1},${k2}`
    await look()
    text = k2
    await look()
    expect(written.at(-1)).toEqual(keysOf(k2))
  })

  it.each([
    ['is malformed', () => (text = `${k1},k2:hunter2`)],
    ['is gone', () => (text = null)],
    ['has another key under an old id', () => (text = entry('k1', 9))],
    [
      'lacks a key that rows need',
      () => {
        text = k2
        stillUsed = true
      },
    ],
    [
      'cannot be unwrapped',
      () => {
        text = `${k1},${k2}`
        away = true
      },
    ],
  ])('keeps the keys when the file %s, and says so once', async (_what, change) => {
    change()
    await look()
    await look()
    await look()
    expect(written).toEqual([])
    expect(warnings()).toHaveLength(1)
    expect(told).toHaveLength(1)
    expect(`${logs.text()}${told.join()}`).not.toContain('hunter2')
    expect(logs.text()).not.toContain(k1.slice(3))
  })

  it('says so again of another change', async () => {
    text = 'k1:wrong'
    await look()
    text = 'k1:wrong again'
    await look()
    expect(warnings()).toHaveLength(2)
  })

  it('says so again after it was well in between', async () => {
    text = null
    await look()
    text = k1
    await look()
    text = null
    await look()
    expect(warnings()).toHaveLength(2)
  })

  it('asks again at each look while the key service is away', async () => {
    text = `${k1},${k2}`
    away = true
    await look()
    away = false
    await look()
    expect(written).toEqual([keysOf(text)])
  })
})
