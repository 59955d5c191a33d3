import { expect, it } from 'vitest'
import { fenceOfPart, isObjectKey, partKey, partPrefix } from './object-key.ts'

const name = { tenantId: 'ten_1', callId: 'cal_1', recordingId: 'rec_1', fromMs: 30_000, fence: 2 }

it('names a part by its recording, its place and its holder', () => {
  const key = partKey(name)
  expect(key).toBe('ten_1/cal_1/rec_1-30000-2.wav.sealed')
  expect(key.startsWith(partPrefix(name))).toBe(true)
  expect(isObjectKey(key)).toBe(true)
  expect(() => partKey({ ...name, callId: '../cal_2' })).toThrow(TypeError)
})

it.each([
  [partKey(name), 2],
  [partKey({ ...name, fence: 17 }), 17],
  [`${partKey(name)}.00ff.unfinished`, 2],
  ['ten_1/cal_1/rec_1-30000.wav.sealed', null],
  ['ten_1/cal_1/other', null],
])('%s is of holder %j', (key, fence) => {
  expect(fenceOfPart(key)).toBe(fence)
})
