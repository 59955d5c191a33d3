import { openContent } from '@callwire/crypto'
import { sealContexts } from '@callwire/keyring'
import { eventually } from '@callwire/testkit'
import { describe, expect, test } from 'vitest'
import type { DialerDeps } from '../deps.ts'
import { startTestDialer } from '../test-support/dialer-under-test.ts'
import { contentRing } from '../test-support/keys.ts'
import { dialerSuite } from '../test-support/suite.ts'
import { agentNumber } from '../test-support/tenant-world.ts'

const suite = dialerSuite()
const { environment } = suite
const stream = { kind: 'stream' } as const
const noPolls = { CALL_POLL_AFTER_MS: '60000' }
/** Time enough for a test to change its mind between the dial and the first look. */
const patient = { RECONCILE_AFTER_MS: '1000', RECONCILE_GRACE_MS: '60000' }

describe('a call of which nothing is heard', () => {
  test('is asked about, and ends as Exotel says', async () => {
    await using _dialer = await startTestDialer(environment())
    const callId = await suite.world.addCall(await suite.world.addPhone(suite.exotel.host, stream))
    await suite.world.placed(callId)
    const [placed] = suite.exotel.placed
    if (placed !== undefined) placed.status = 'completed'
    const call = await suite.world.reaches(callId, 'completed')
    expect(call.durationSeconds).toBe(17)
    expect(call.recordingUrlSealed).toBeNull()
    expect(await suite.world.story(callId)).toContain('completed')
    const purposes = (await suite.world.audits()).map(({ details }) => details['purpose'])
    expect(purposes).toContain('poll')
  })
})

describe('a call whose callbacks never came', () => {
  test('ends by questions alone, with its duration, legs and recording', async () => {
    await using _dialer = await startTestDialer(environment({ CALL_POLL_AFTER_MS: '300' }))
    const agent = { kind: 'human', number: agentNumber } as const
    const callId = await suite.world.addCall(await suite.world.addPhone(suite.exotel.host, agent))
    await suite.world.placed(callId)
    const [placed] = suite.exotel.placed
    if (placed === undefined) throw new Error('nothing was placed')
    await suite.world.reaches(callId, 'in-progress')
    placed.details = {
      Duration: 99,
      RecordingUrl: 'https://recordings.example/r1.mp3',
      Details: {
        ConversationDuration: 42,
        Legs: [
          { Leg: { Id: 1, OnCallDuration: 50, AnsweredBy: 'human' } },
          { Leg: { Id: 2, OnCallDuration: 42 } },
        ],
        Leg1Status: 'completed',
        Leg2Status: 'completed',
      },
    }
    placed.status = 'completed'
    const call = await suite.world.reaches(callId, 'completed')
    expect(call).toMatchObject({
      durationSeconds: 42,
      legs: [
        { status: 'completed', seconds: 50, answeredBy: 'human' },
        { status: 'completed', seconds: 42 },
      ],
    })
    const context = sealContexts.recordingUrl(suite.world.tenantId, callId)
    const recording = call.recordingUrlSealed
    expect(recording && openContent(contentRing, context, recording).toString('utf8')).toBe(
      'https://recordings.example/r1.mp3',
    )
    expect(await suite.world.story(callId)).toEqual([
      'queued',
      'dialing',
      'in-progress',
      'completed',
    ])
  })
})

describe('an account that has no request to spare', () => {
  test('is not asked before it has; its unknown call is found then, also by another dialer', async () => {
    suite.exotel.next.push('place-and-cut')
    let spare = true
    let refused = 0
    const sparing = (deps: DialerDeps): DialerDeps => ({
      ...deps,
      budget: {
        ...deps.budget,
        take: (sid, o) => {
          if (spare) return deps.budget.take(sid, o)
          refused += 1
          const wait = { retryAfterMs: 1_000, aboutMs: 1_000 }
          return Promise.resolve({ ok: false, why: 'budget', ...wait })
        },
      },
    })
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const first = await startTestDialer(environment({ ...noPolls, ...patient }), (deps) =>
      sparing(deps),
    )
    const callId = await suite.world.addCall(phoneId)
    await eventually(() => suite.exotel.placed.length === 1)
    spare = false
    await suite.world.reaches(callId, 'unknown')
    await eventually(() => refused >= 3, { boundMs: 20_000 })
    expect(suite.exotel.requests).toHaveLength(1)
    expect((await suite.world.call(callId)).heardAt).toBeNull()
    await first[Symbol.asyncDispose]()

    spare = true
    await using _second = await startTestDialer(environment(noPolls), sparing)
    const call = await suite.world.placed(callId)
    expect(call).toMatchObject({ status: 'ringing', sid: suite.exotel.placed[0]?.sid })
    expect(suite.exotel.dials()).toHaveLength(1)
  })
})
