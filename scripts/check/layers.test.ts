import { expect, test } from 'vitest'
import { layerProblems } from './layers.ts'

const low = { name: 'low', layer: 1 }
const high = { name: 'high', layer: 2, dependencies: { low: '*' } }

test('a higher layer may depend on a lower one', () => {
  expect(layerProblems([low, high])).toEqual([])
})

test.each([
  ['upwards', [{ ...low, dependencies: { high: '*' } }, high]],
  ['sideways', [low, { name: 'peer', layer: 1, dependencies: { low: '*' } }]],
  ['no layer', [{ name: 'lost' }]],
  [
    'a stand-in that leans on us',
    [low, { name: '@callwire/exotel-simulator', layer: 4, dependencies: { low: '*' } }],
  ],
])('%s is a problem', (_name, manifests) => {
  expect(layerProblems(manifests)).toHaveLength(1)
})

test('what is not ours has no layer', () => {
  expect(layerProblems([{ name: 'low', layer: 0, dependencies: { zod: '*' } }])).toEqual([])
})
