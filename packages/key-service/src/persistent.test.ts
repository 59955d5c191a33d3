import { systemRandom } from '@callwire/runtime'
import { manualClock } from '@callwire/testkit'
import { expect, it } from 'vitest'

import { KeyServiceError, type KeyServiceErrorCode } from './key-service-error.ts'
import { persistent } from './persistent.ts'

/** Fails `times` times with `code`, then answers. */
function failing(code: KeyServiceErrorCode, times: number) {
  let asked = 0
  const ask = async (): Promise<Uint8Array> => {
    asked += 1
    if (asked <= times) throw new KeyServiceError(code, 'not now')
    return Promise.resolve(new Uint8Array(32))
  }
  const clock = manualClock()
  const service = persistent(
    { unwrap: ask, wrap: async () => Promise.resolve('') },
    { clock, random: systemRandom },
  )
  return { service, clock, asked: () => asked }
}

it.each([1, 2])('asks again after %d failures to reach it', async (times) => {
  const { service, clock, asked } = failing('key_service_unreachable', times)
  const outcome = service.unwrap('x')
  await clock.advance(10_000)
  await expect(outcome).resolves.toHaveLength(32)
  expect(asked()).toBe(times + 1)
})

it('gives up after the third', async () => {
  const { service, clock, asked } = failing('key_service_unreachable', 9)
  const outcome = expect(service.unwrap('x')).rejects.toThrow('not now')
  await clock.advance(3_001)
  await outcome
  expect(asked()).toBe(3)
})

it.each(['key_service_denied', 'key_service_rejected', 'key_service_malformed'] as const)(
  'does not repeat what ended as %s',
  async (code) => {
    const { service, asked } = failing(code, 1)
    await expect(service.unwrap('x')).rejects.toMatchObject({ code })
    expect(asked()).toBe(1)
  },
)
