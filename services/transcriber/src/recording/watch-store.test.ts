import { memoryStore } from '@callwire/recordings/testing'
import { captureLogs, manualClock } from '@callwire/testkit'
import { expect, test } from 'vitest'
import { watchStore } from './watch-store.ts'

const signal = new AbortController().signal

test('a store that is of no use shows, in the log once and where people look', async () => {
  const logs = captureLogs({ service: 'transcriber' })
  const store = memoryStore()
  store.away(true)
  await using watch = watchStore(store, { clock: manualClock(), signal, log: logs.log })
  await expect.poll(() => watch.state()).toBe('recording_store_unreachable')
  expect(logs.text().match(/"recording_store_unreachable".*of no use now: see/g)).toHaveLength(1)
})

test('one that answers is ok, and none is none', async () => {
  const logs = captureLogs({ service: 'transcriber' })
  await using watch = watchStore(memoryStore(), { clock: manualClock(), signal, log: logs.log })
  await expect.poll(() => watch.state()).toBe('ok')
  await using none = watchStore(null, { clock: manualClock(), signal, log: logs.log })
  expect(none.state()).toBe('not_set')
})
