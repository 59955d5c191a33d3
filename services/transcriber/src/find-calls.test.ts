import { systemRandom } from '@callwire/runtime'
import { expect, test } from 'vitest'
import { findCalls, TAKE_AT_ONCE } from './find-calls.ts'

const jobs = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ tenantId: 'ten_1', callId: `cal_${String(i)}` }))

async function found(o: {
  pending: number
  held?: (callId: string) => boolean
  room?: number
  own?: string
}) {
  const woken: string[] = []
  const looked: string[] = []
  await findCalls(
    {
      database: {
        finder: {
          pendingTranscriptions: (limit: number) =>
            Promise.resolve(jobs(o.pending).slice(0, limit)),
        },
      } as never,
      leases: {
        free: (callIds: readonly string[]) => {
          looked.push(...callIds)
          return Promise.resolve(callIds.filter((callId) => o.held?.(callId) !== true))
        },
      },
      random: systemRandom,
    },
    {
      room: o.room ?? 500,
      has: (callId) => callId === o.own,
      wake: (job) => {
        woken.push(job.callId)
        return Promise.resolve()
      },
    },
  )
  return { woken, looked }
}

test('takes what nobody has, and asks for nothing that it has itself', async () => {
  const { woken, looked } = await found({ pending: 4, own: 'cal_0', held: (id) => id === 'cal_2' })
  expect(looked).toEqual(['cal_1', 'cal_2', 'cal_3'])
  expect(woken).toEqual(['cal_1', 'cal_3'])
})

test('an orphan behind thousands of calls in good hands is found', async () => {
  const { woken } = await found({ pending: 3_000, held: (id) => id !== 'cal_2999' })
  expect(woken).toEqual(['cal_2999'])
})

test('of hundreds it leaves the most to others, and no two looks choose the same', async () => {
  const [one, two] = await Promise.all([found({ pending: 500 }), found({ pending: 500 })])
  expect(new Set(one.woken).size).toBe(TAKE_AT_ONCE)
  expect(one.woken).not.toEqual(two.woken)
})

test('no more than there is room for, and without room it does not even look', async () => {
  expect((await found({ pending: 50, room: 7 })).woken).toHaveLength(7)
  expect(await found({ pending: 50, room: 0 })).toEqual({ woken: [], looked: [] })
})
