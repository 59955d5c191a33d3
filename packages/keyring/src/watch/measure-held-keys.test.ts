import { createMetrics } from '@callwire/runtime'
import { expect, test } from 'vitest'
import { measureHeldKeys } from './measure-held-keys.ts'
import type { KeyWatch } from './watch-keys.ts'

test('a series goes when its key does, and follows the primary', async () => {
  const metrics = createMetrics()
  let held: ReturnType<KeyWatch['kids']> = [
    { ring: 'CONTENT_KEYS', kid: 'k1', primary: true },
    { ring: 'CONTENT_KEYS', kid: 'k2', primary: false },
  ]
  measureHeldKeys(metrics, { kids: () => held })
  const series = async () =>
    (await metrics.registry.metrics())
      .split('\n')
      .filter((line) => line.startsWith('callwire_keys_held'))
  expect(await series()).toEqual([
    'callwire_keys_held{ring="CONTENT_KEYS",kid="k1",primary="true"} 1',
    'callwire_keys_held{ring="CONTENT_KEYS",kid="k2",primary="false"} 1',
  ])
  held = [{ ring: 'CONTENT_KEYS', kid: 'k2', primary: true }]
  expect(await series()).toEqual([
    'callwire_keys_held{ring="CONTENT_KEYS",kid="k2",primary="true"} 1',
  ])
})
