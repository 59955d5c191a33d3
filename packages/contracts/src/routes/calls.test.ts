import { describe, expect, test } from 'vitest'
import { placeCallBody } from './calls.ts'

const scheduled = (scheduleAt: string) =>
  placeCallBody.safeParse({
    phoneId: 'phn_0123456789abcdefghjkmnpq',
    to: '+919811100001',
    scheduleAt,
  })

describe('scheduleAt', () => {
  test.each([
    '2000-01-01T00:00:00Z',
    '2000-01-01T05:30:00+05:30',
    '2026-01-05T10:00:00.123Z',
    '2099-12-31T23:59:59.999Z',
    '2100-01-01T05:29:59+05:30',
  ])('may be %s', (moment) => {
    expect(scheduled(moment).success).toBe(true)
  })

  test.each([
    '0000-01-01T00:00:00Z',
    '0000-01-01T00:00:00+05:30',
    '0001-01-01T00:00:00+05:30',
    '1970-01-01T00:00:00Z',
    '1999-12-31T23:59:59.999Z',
    '2000-01-01T05:29:59+05:30',
    '2100-01-01T00:00:00Z',
    '2099-12-31T23:59:59-23:59',
    '9999-12-31T23:59:59-23:59',
  ])('is refused for its moment: %s', (moment) => {
    expect(scheduled(moment).error?.issues).toEqual([
      expect.objectContaining({
        path: ['scheduleAt'],
        message: 'must be in the years 2000 to 2099 of UTC',
      }),
    ])
  })

  test.each(['tomorrow', '2026-01-05', '2026-01-05T10:00:00', '2026-13-05T10:00:00Z'])(
    'is refused once for its form: %s',
    (moment) => {
      expect(scheduled(moment).error?.issues).toEqual([
        expect.objectContaining({ path: ['scheduleAt'], code: 'invalid_format' }),
      ])
    },
  )
})
