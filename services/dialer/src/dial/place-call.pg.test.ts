import { DbError, phones, streamTokens } from '@callwire/db'
import { macToken, sha256Hex } from '@callwire/crypto'
import { eventually } from '@callwire/testkit'
import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { publicUrl, startTestDialer } from '../test-support/dialer-under-test.ts'
import { callbackRing } from '../test-support/keys.ts'
import { dialerSuite } from '../test-support/suite.ts'
import {
  accountSid,
  agentNumber,
  apiKey,
  apiToken,
  personNumber,
} from '../test-support/tenant-world.ts'

const suite = dialerSuite()
const { environment } = suite
const numberOf = async (phoneId: string) => {
  const [row] = await suite.world.withTenant((tx) =>
    tx.select({ number: phones.number }).from(phones).where(eq(phones.id, phoneId)),
  )
  return row?.number ?? ''
}
describe('the request', () => {
  const callbackOf = (callId: string) =>
    `${publicUrl}/api/v1/exotel/webhook/status/${callId}/${macToken(callbackRing, 'status-callback', callId)}`

  test.each([
    {
      agent: { kind: 'human', number: agentNumber } as const,
      audio: 'ours',
      form: (token: string) => ({
        From: agentNumber,
        To: personNumber,
        StreamUrl: token,
        StreamBegin: 'Leg2Connect',
      }),
    },
    {
      agent: { kind: 'flow', appId: '4711' } as const,
      audio: 'none',
      form: () => ({
        From: personNumber,
        Url: `http://my.exotel.com/${accountSid}/exoml/start_voice/4711`,
      }),
    },
    {
      agent: { kind: 'stream' } as const,
      audio: 'ours',
      form: (token: string) => ({
        From: personNumber,
        StreamUrl: token,
        StreamType: 'bidirectional',
      }),
    },
    {
      agent: { kind: 'stream', streamUrl: 'wss://bot.example/v1' } as const,
      audio: 'theirs',
      form: () => ({
        From: personNumber,
        StreamUrl: 'wss://bot.example/v1',
        StreamType: 'bidirectional',
      }),
    },
  ])('of a $agent.kind agent, audio $audio', async ({ agent, audio, form }) => {
    await using _dialer = await startTestDialer(environment())
    const phoneId = await suite.world.addPhone(suite.exotel.host, agent)
    const callId = await suite.world.addCall(phoneId, { record: true, timeLimitSeconds: 600 })
    const call = await suite.world.placed(callId)

    const [dial] = suite.exotel.dials()
    expect(suite.exotel.dials()).toHaveLength(1)
    expect(dial?.path).toBe(`/v1/Accounts/${accountSid}/Calls/connect.json`)
    expect(dial?.headers['authorization']).toBe(
      `Basic ${Buffer.from(`${apiKey}:${apiToken}`).toString('base64')}`,
    )
    expect(dial?.headers['content-type']).toBe('application/x-www-form-urlencoded')
    const sent = Object.fromEntries(new URLSearchParams(dial?.body))
    const streamUrl = sent['StreamUrl'] ?? ''
    expect(sent).toEqual({
      ...form(streamUrl),
      CallerId: await numberOf(phoneId),
      Record: 'true',
      TimeLimit: '600',
      CustomField: callId,
      StatusCallback: callbackOf(callId),
      'StatusCallbackEvents[0]': 'terminal',
      'StatusCallbackEvents[1]': 'answered',
    })
    const tokens = await suite.world.withTenant((tx) =>
      tx.select().from(streamTokens).where(eq(streamTokens.callId, callId)),
    )
    const token = /^wss:\/\/callwire\.example\/v1\/ingest\/t\/([\w-]{32})$/.exec(streamUrl)?.[1]
    expect(tokens.map(({ tokenHash }) => tokenHash)).toEqual(
      audio === 'ours' ? [sha256Hex(token ?? '')] : [],
    )

    expect(call).toMatchObject({ status: 'dialing', sid: suite.exotel.placed[0]?.sid, fence: 1 })
    expect(call.dialedAt).not.toBeNull()
    expect(await suite.world.story(callId)).toEqual(['queued', 'dialing'])
    expect(await suite.world.audits()).toMatchObject([
      {
        actorKind: 'service',
        actorId: 'dialer',
        action: 'credentials.open',
        targetKind: 'phone',
        targetId: phoneId,
        details: { callId, purpose: 'place-call', keyId: 'k1' },
      },
    ])
  })
})

describe('what Exotel answers', () => {
  const stream = { kind: 'stream' } as const

  test('429 sends the call back to the queue, and it is placed later', async () => {
    suite.exotel.next.push({ status: 429, headers: { 'retry-after': '0' } })
    await using _dialer = await startTestDialer(environment())
    const callId = await suite.world.addCall(await suite.world.addPhone(suite.exotel.host, stream))
    const call = await suite.world.placed(callId)
    expect(call).toMatchObject({ fence: 2, attempt: 2 })
    expect(await suite.world.story(callId)).toEqual([
      'queued',
      'dialing',
      'queued waiting_for_budget',
      'dialing',
    ])
    expect(suite.exotel.placed).toHaveLength(1)
  })

  test('a refusal fails the call with its sentence', async () => {
    const body = JSON.stringify({ RestException: { Status: 400, Message: 'Invalid parameter' } })
    suite.exotel.next.push({ status: 400, body })
    await using _dialer = await startTestDialer(environment())
    const callId = await suite.world.addCall(await suite.world.addPhone(suite.exotel.host, stream))
    const call = await suite.world.reaches(callId, 'failed')
    expect(call).toMatchObject({
      reasonCode: 'provider_rejected',
      reasonMessage: 'Invalid parameter',
    })
    const events = await suite.world.events(callId)
    expect(events.at(-1)?.type).toBe('call.receipt')
  })

  test('a redirect is not followed', async () => {
    suite.exotel.next.push({
      status: 302,
      headers: { location: `http://${suite.exotel.host}/elsewhere` },
    })
    await using _dialer = await startTestDialer(environment())
    const callId = await suite.world.addCall(await suite.world.addPhone(suite.exotel.host, stream))
    const call = await suite.world.reaches(callId, 'failed')
    expect(call.reasonCode).toBe('provider_protocol_error')
    expect(suite.exotel.requests).toHaveLength(1)
  })

  test('401 twice opens the breaker: the next call fails without a request', async () => {
    suite.exotel.next.push({ status: 401 }, { status: 401 })
    await using _dialer = await startTestDialer(environment())
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const refusal = { reasonCode: 'provider_auth', reasonMessage: 'Invalid Exotel credentials' }
    const first = await suite.world.addCall(phoneId)
    expect(await suite.world.reaches(first, 'failed')).toMatchObject(refusal)
    const second = await suite.world.addCall(phoneId)
    expect(await suite.world.reaches(second, 'failed')).toMatchObject(refusal)
    const third = await suite.world.addCall(phoneId)
    expect(await suite.world.reaches(third, 'failed')).toMatchObject(refusal)
    expect(await suite.world.story(third)).toEqual(['queued', 'failed provider_auth'])
    expect(suite.exotel.dials()).toHaveLength(2)
    const alerts = (await suite.world.events(second)).filter(({ type }) => type === 'alert')
    expect(alerts.map(({ data }) => data)).toMatchObject([{ code: 'breaker_open' }])

    await suite.world.withTenant((tx) =>
      tx
        .update(phones)
        .set({ authFailures: 0, breakerOpenedAt: null })
        .where(eq(phones.id, phoneId)),
    )
    const fourth = await suite.world.addCall(phoneId)
    await suite.world.placed(fourth)
  })

  test('no connection sends the call back to the queue', async () => {
    const { host } = suite.exotel
    await suite.exotel[Symbol.asyncDispose]()
    await using _dialer = await startTestDialer(environment())
    const callId = await suite.world.addCall(await suite.world.addPhone(host, stream))
    await eventually(async () => (await suite.world.call(callId)).attempt > 1)
    const story = await suite.world.story(callId)
    expect(story.slice(0, 3)).toEqual(['queued', 'dialing', 'queued provider_unreachable'])
  })

  test('is written down also when Postgres is away for a moment', async () => {
    let faults = 2
    await using dialer = await startTestDialer(environment(), (deps) => ({
      ...deps,
      dials: {
        ...deps.dials,
        bind: (sid) => {
          if (faults-- > 0) return Promise.reject(new DbError({ code: 'unavailable' }))
          return deps.dials.bind(sid)
        },
      },
    }))
    const callId = await suite.world.addCall(await suite.world.addPhone(suite.exotel.host, stream))
    const call = await suite.world.placed(callId)
    expect(call).toMatchObject({ status: 'dialing', sid: suite.exotel.placed[0]?.sid })
    expect(dialer.logs.text()).toContain('outcome of a dial attempt not written')
    expect(faults).toBe(-1)
    expect(suite.exotel.dials()).toHaveLength(1)
  })
})
