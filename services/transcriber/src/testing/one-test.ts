import { afterEach } from 'vitest'
import type { Fixture } from './fixture.ts'

type Start = Fixture['start']

/**
 * Starts transcribers that end with the test that started them: a later one's calls are none of
 * theirs.
 */
export function startForOneTest(start: (...o: Partial<Parameters<Start>>) => ReturnType<Start>) {
  let started: { stop: () => Promise<void> }[] = []
  afterEach(async () => {
    await Promise.all(started.map((one) => one.stop()))
    started = []
  })
  const startOne: typeof start = async (...o) => {
    const one = await start(...o)
    started.push(one)
    return one
  }
  return startOne
}
