import { expect, test } from 'vitest'
import { ApiError } from '../../http/api-error.ts'
import { requireWithinAYear } from './check-schedule.ts'

const nowMs = Date.UTC(2028, 0, 5, 10)

test.each([undefined, '2000-01-01T00:00:00Z', '2029-01-05T10:00:00Z', '2029-01-05T15:30:00+05:30'])(
  '%s is taken',
  (scheduleAt) => {
    expect(() => requireWithinAYear({ scheduleAt }, nowMs)).not.toThrow()
  },
)

test.each(['2029-01-05T10:00:00.001Z', '2029-01-05T09:59:00-00:02', '2099-12-31T00:00:00Z'])(
  '%s is refused, with the latest moment',
  (scheduleAt) => {
    const check = () => requireWithinAYear({ scheduleAt }, nowMs)
    expect(check).toThrow(ApiError)
    expect(check).toThrow(
      expect.objectContaining({
        apiCode: 'validation_failed',
        details: {
          issues: [
            {
              path: 'body.scheduleAt',
              rule: 'custom',
              message: 'must be within a year, until 2029-01-05T10:00:00.000Z',
            },
          ],
        },
      }),
    )
  },
)
