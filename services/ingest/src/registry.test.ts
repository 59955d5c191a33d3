import { manualClock } from '@callwire/testkit'
import { expect, test } from 'vitest'
import { createRegistry, type Session } from './registry.ts'

/** A socket's session that notes how it is closed. */
function sessionAt(clockMs: number, o: { isOver?: boolean } = {}) {
  const closed: string[] = []
  const session = {
    close: ({ reason }: { reason: string }) => void closed.push(reason),
    clock: () => ({ firstAudioAtMs: 1, clockMs }),
    isOver: () => o.isOver === true || closed.length > 0,
    finished: Promise.resolve(),
  } as unknown as Session
  return { session, closed }
}
const opened = (openedAtMs: number, streamId = 'str_m') => ({ streamId, openedAtMs })
const set = () => createRegistry({ clock: manualClock() })

test('a newer socket takes the call, and where its clock is', async () => {
  const registry = set()
  const [first, second] = [sessionAt(100), sessionAt(200)]
  expect(await registry.takeOver('call', first.session, opened(1))).toEqual({
    isReplaced: false,
    known: null,
  })
  expect(await registry.takeOver('call', second.session, opened(2))).toEqual({
    isReplaced: false,
    known: { firstAudioAtMs: 1, clockMs: 100 },
  })
  expect([first.closed, second.closed]).toEqual([['replaced'], []])
})

test.each([
  ['opened before', opened(1)],
  ['opened in the same moment, of the lower id', opened(2, 'str_a')],
])('one that was %s is replaced itself', async (_which, late) => {
  const registry = set()
  const [owner, older] = [sessionAt(100), sessionAt(200)]
  await registry.takeOver('call', owner.session, opened(2))
  expect(await registry.takeOver('call', older.session, late)).toEqual({
    isReplaced: true,
    known: { firstAudioAtMs: 1, clockMs: 100 },
  })
  expect([owner.closed, older.closed]).toEqual([[], []])
  // The call is still its owner's.
  const newest = sessionAt(300)
  await registry.takeOver('call', newest.session, opened(3))
  expect([owner.closed, older.closed]).toEqual([['replaced'], []])
})

test('one that has ended takes no call from a live one, however new', async () => {
  const registry = set()
  const [owner, ended] = [sessionAt(100), sessionAt(200, { isOver: true })]
  await registry.takeOver('call', owner.session, opened(1))
  expect((await registry.takeOver('call', ended.session, opened(2))).isReplaced).toBe(true)
  expect(owner.closed).toEqual([])
})

test('the call of one that has ended is anybody’s', async () => {
  const registry = set()
  const ended = sessionAt(100, { isOver: true })
  await registry.takeOver('call', ended.session, opened(5))
  const { isReplaced, known } = await registry.takeOver('call', sessionAt(200).session, opened(1))
  expect([isReplaced, known?.clockMs]).toEqual([false, 100])
})
