import { expect, test } from 'vitest'
import { createLanes } from './lanes.ts'

const bounds = { lanes: 5, lanesPerEndpoint: 2, lanesPerFailing: 1, lanesPerTenant: 3 }
const to = (tenantId: string, endpointId: string) => ({ tenantId, endpointId })

test('an endpoint, a tenant and all together have their bounds', () => {
  const lanes = createLanes(bounds)
  expect(lanes.enter('1', to('ten_a', 'whe_a'))).toBe(true)
  expect(lanes.enter('1', to('ten_a', 'whe_a'))).toBe(false)
  expect(lanes.enter('2', to('ten_a', 'whe_a'))).toBe(true)
  expect(lanes.enter('3', to('ten_a', 'whe_a'))).toBe(false)
  expect(lanes.busy()).toEqual(['whe_a'])
  expect(lanes.enter('3', to('ten_a', 'whe_b'))).toBe(true)
  expect(lanes.enter('4', to('ten_a', 'whe_b'))).toBe(false)
  expect(lanes.busy().sort()).toEqual(['ten_a', 'whe_a'])
  expect(lanes.enter('4', to('ten_b', 'whe_c'))).toBe(true)
  expect(lanes.enter('5', to('ten_b', 'whe_d'))).toBe(true)
  expect(lanes.free()).toBe(0)
  expect(lanes.enter('6', to('ten_c', 'whe_e'))).toBe(false)
})

test('leaving makes room, once', () => {
  const lanes = createLanes(bounds)
  lanes.enter('1', to('ten_a', 'whe_a'))
  lanes.enter('2', to('ten_a', 'whe_a'))
  lanes.leave('1')
  lanes.leave('1')
  expect(lanes.size()).toBe(1)
  expect(lanes.busy()).toEqual([])
  expect(lanes.enter('3', to('ten_a', 'whe_a'))).toBe(true)
  expect(lanes.enter('4', to('ten_a', 'whe_a'))).toBe(false)
})

test('an endpoint that fails has one lane until it is back', () => {
  const lanes = createLanes(bounds)
  lanes.heard('whe_a', true)
  expect(lanes.enter('1', to('ten_a', 'whe_a'))).toBe(true)
  expect(lanes.enter('2', to('ten_a', 'whe_a'))).toBe(false)
  lanes.heard('whe_a', false)
  expect(lanes.enter('2', to('ten_a', 'whe_a'))).toBe(true)
})
