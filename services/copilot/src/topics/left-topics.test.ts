import type { Call, CallEvent } from '@callwire/contracts'
import type { DoorbellMessage } from '@callwire/bus'
import { manualClock } from '@callwire/testkit'
import type { Logger } from '@callwire/runtime'
import { expect, test } from 'vitest'
import { limits } from '../limits.ts'
import { followBoard } from './follow-board.ts'
import { followCall } from './follow-call.ts'

const tenantId = 'ten_0123456789abcdefghjkmnpq'
const callId = 'cal_0123456789abcdefghjkmnpq'
const quiet = { warn: () => undefined } as unknown as Logger
const at = new Date().toISOString()
const event = (seq: number) => ({ callId, seq, type: 'call.status', at }) as CallEvent
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A doorbell that is rung by hand, and counts who listens. */
function handBell() {
  const listeners = new Set<(message: DoorbellMessage) => void>()
  const listen = (_id: string, listener: (message: DoorbellMessage) => void) => {
    listeners.add(listener)
    return Promise.resolve(() => {
      listeners.delete(listener)
      return Promise.resolve()
    })
  }
  const ring = (seq: number) => {
    for (const listener of listeners) listener({ kind: 'event', tenantId, event: event(seq) })
  }
  return { onCall: listen, onTenant: listen, onLost: () => () => undefined, listeners, ring }
}

/** A ledger that answers when told. */
function slowLedger() {
  const asked: PromiseWithResolvers<CallEvent[]>[] = []
  const read = () => {
    const answer = Promise.withResolvers<CallEvent[]>()
    asked.push(answer)
    return answer.promise
  }
  return { read, asked, changedHeads: () => Promise.resolve([]) }
}

test('a call that was left says nothing of what was being read', async () => {
  const [doorbell, ledger] = [handBell(), slowLedger()]
  const said: number[] = []
  const following = await followCall(
    { doorbell, ledger, limits, clock: manualClock(), log: quiet },
    { tenantId, callId, after: 0 },
    {
      event: ({ seq }) => said.push(seq),
      interim: () => undefined,
      room: () => Promise.resolve(),
    },
  )
  await turn()
  expect(ledger.asked).toHaveLength(1)
  await following[Symbol.asyncDispose]()
  ledger.asked[0]?.resolve([event(1), event(2)])
  await turn()
  expect(said).toEqual([])
  expect(doorbell.listeners.size).toBe(0)
})

test('a gap under which the ledger was being read is minded when that is over', async () => {
  const [doorbell, ledger, clock] = [handBell(), slowLedger(), manualClock()]
  const said: number[] = []
  const following = await followCall(
    { doorbell, ledger, limits, clock, log: quiet },
    { tenantId, callId, after: 0 },
    {
      event: ({ seq }) => said.push(seq),
      interim: () => undefined,
      room: () => Promise.resolve(),
    },
  )
  await turn()
  // 2 is committed and its publication lost while the read does not see it yet; 3 is heard.
  doorbell.ring(3)
  ledger.asked[0]?.resolve([event(1)])
  await turn()
  expect(said).toEqual([1])
  await clock.advance(limits.crossingMs)
  ledger.asked[1]?.resolve([event(2), event(3)])
  await turn()
  expect(said).toEqual([1, 2, 3])
  await following[Symbol.asyncDispose]()
})

test('a board that was left says neither its snapshot nor what was being read', async () => {
  const [doorbell, ledger] = [handBell(), slowLedger()]
  const board = Promise.withResolvers<Call[]>()
  const said: string[] = []
  const follow = (loadBoard: () => Promise<Call[]>) =>
    followBoard(
      { doorbell, ledger, limits, clock: manualClock(), log: quiet, loadBoard },
      tenantId,
      {
        snapshot: () => said.push('snapshot'),
        event: () => said.push('event'),
      },
    )
  const first = await follow(() => board.promise)
  await turn()
  await first[Symbol.asyncDispose]()
  board.resolve([])
  await turn()
  expect(said).toEqual([])

  const second = await follow(() => Promise.resolve([]))
  await turn()
  doorbell.ring(4)
  await turn()
  expect(ledger.asked).toHaveLength(1)
  await second[Symbol.asyncDispose]()
  ledger.asked[0]?.resolve([event(1), event(4)])
  await turn()
  expect(said).toEqual(['snapshot'])
})
