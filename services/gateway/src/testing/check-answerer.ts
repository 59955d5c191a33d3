import { connectRedis, work } from '@callwire/bus'
import { captureLogs } from '@callwire/testkit'
import { changeRow } from './database-rows.ts'
import type { GatewayUnderTest } from './gateway-under-test.ts'

export type CheckAnswer = {
  state: 'ok' | 'refused' | 'failed'
  code?: string
  message?: string
  retry_after_s?: number
  active_streams?: number
  stream_limit?: number
}

export type CheckAnswerer = AsyncDisposable & {
  /** The jobs it got, as they came. */
  jobs: object[]
  /** What it answers from now on; null: nothing. */
  answer: CheckAnswer | null
}

/** In the dialer's place: takes checks off their queue and writes down what it is told to. */
export async function checkAnswerer(gw: GatewayUnderTest): Promise<CheckAnswerer> {
  const { log } = captureLogs()
  const bus = await connectRedis({ url: gw.redis.url, name: 'test-dialer', log })
  const state: Pick<CheckAnswerer, 'jobs' | 'answer'> = { jobs: [], answer: null }
  const worker = work(
    bus,
    'check',
    async (job) => {
      state.jobs.push(job)
      if (state.answer === null) return
      const set = { ...state.answer, finished_at: new Date() }
      await changeRow(gw.databaseUrl, 'phone_checks', job.checkId, set)
    },
    { concurrency: 4, log },
  )
  return Object.assign(state, {
    [Symbol.asyncDispose]: async () => {
      await worker[Symbol.asyncDispose]()
      await bus[Symbol.asyncDispose]()
    },
  })
}
