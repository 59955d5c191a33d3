import { manualClock } from '@callwire/testkit'
import { describe, expect, it } from 'vitest'
import { createFailedLogins, maxFailures } from './failed-logins.ts'

function full(account: string) {
  const clock = manualClock()
  const failed = createFailedLogins(clock)
  for (let i = 0; i < maxFailures; i += 1) failed.record(account)
  return { clock, failed }
}

describe('createFailedLogins', () => {
  it('makes one account wait for a minute, and no other', async () => {
    const { clock, failed } = full('a')
    expect(() => failed.check('a')).toThrow('Too many wrong passwords')
    expect(() => failed.check('b')).not.toThrow()
    await clock.advance(60_001)
    expect(() => failed.check('a')).not.toThrow()
  })

  it('forgets after a success', () => {
    const { failed } = full('a')
    failed.forget('a')
    expect(() => failed.check('a')).not.toThrow()
  })

  it('says when to come back', async () => {
    const { clock, failed } = full('a')
    await clock.advance(20_000)
    expect(() => failed.check('a')).toThrow(expect.objectContaining({ retryAfterS: 40 }))
  })
})
