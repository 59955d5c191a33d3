import { createQueues } from '@callwire/bus'
import { eventually, startServiceProcess, type ServiceProcess } from '@callwire/testkit'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestDialer } from './test-support/dialer-under-test.ts'
import { dialerSuite } from './test-support/suite.ts'
import { accountSid, agentNumber, apiKey, apiToken } from './test-support/tenant-world.ts'

const simulatorMain = fileURLToPath(new URL('../../exotel-simulator/src/main.ts', import.meta.url))
const suite = dialerSuite()
let simulator: ServiceProcess
let host: string

beforeAll(async () => {
  simulator = await startServiceProcess(
    simulatorMain,
    {
      SIMULATOR_PORT: '0',
      SIMULATOR_ACCOUNT_SID: accountSid,
      SIMULATOR_API_KEY: apiKey,
      SIMULATOR_API_TOKEN: apiToken,
    },
    '(not Exotel) is ready',
  )
  host = await eventually(() => {
    const found = /"addresses":\[\{[^\]]*"port":(\d+)/.exec(simulator.output())
    return found === null ? null : `127.0.0.1:${found[1] ?? ''}`
  })
})
afterAll(() => simulator.end())

async function tell(path: string, body: object): Promise<void> {
  const response = await fetch(`http://${host}/simulator/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.status).toBeLessThan(300)
}

async function placedFor(callId: string): Promise<string[]> {
  const response = await fetch(`http://${host}/simulator/calls?customField=${callId}`)
  const { calls } = (await response.json()) as { calls: { callSid: string }[] }
  return calls.map(({ callSid }) => callSid)
}

describe('with the simulator, none of whose callbacks arrive', () => {
  test.each([
    ['human', { kind: 'human', number: agentNumber } as const],
    ['stream', { kind: 'stream', streamUrl: 'ws://127.0.0.1:9/' } as const],
  ])('a %s call whose reply is cut is found, followed and ended', async (_kind, agent) => {
    await tell('faults', { kind: 'missing', times: 'always' })
    await tell('scenario', { outcome: 'no-answer', ringMs: 100 })
    await tell('faults', { kind: 'cut' })
    await using _dialer = await startTestDialer(
      suite.environment({ EXOTEL_ALLOWED_HOSTS: host, RECONCILE_AFTER_MS: '50' }),
    )
    const callId = await suite.world.addCall(await suite.world.addPhone(host, agent))
    const call = await suite.world.reaches(callId, 'no-answer')
    expect(await placedFor(callId)).toEqual([call.sid])
    const story = await suite.world.story(callId)
    expect(story.slice(0, 3)).toEqual(['queued', 'dialing', 'unknown outcome_unknown'])
    expect(story.at(-1)).toBe('no-answer')
    await eventually(async () => (await suite.world.events(callId)).at(-1)?.type === 'call.receipt')
  })

  test('a call cut before it is placed fails after the grace', async () => {
    await tell('faults', { kind: 'cut_before' })
    await using _dialer = await startTestDialer(suite.environment({ EXOTEL_ALLOWED_HOSTS: host }))
    const callId = await suite.world.addCall(await suite.world.addPhone(host, { kind: 'stream' }))
    const call = await suite.world.reaches(callId, 'failed')
    expect(call.reasonCode).toBe('not_placed')
    expect(await placedFor(callId)).toEqual([])
  })
})

describe('a check of credentials with the simulator', () => {
  test.each([
    ['right', apiToken, { state: 'ok', code: null }],
    ['wrong', 'another-token', { state: 'refused', code: 'provider_auth' }],
  ])('tells %s ones', async (_what, token, answer) => {
    await using dialer = await startTestDialer(suite.environment({ EXOTEL_ALLOWED_HOSTS: host }))
    const phoneId = await suite.world.addPhone(null, { kind: 'stream' })
    await suite.world.giveCredentials(phoneId, host, token)
    const queues = createQueues(dialer.context.bus)
    const checkId = await suite.world.addCheck(phoneId)
    await queues.wakeCheck({ tenantId: suite.world.tenantId, checkId })
    expect(await suite.world.checked(checkId)).toMatchObject(answer)
    await queues.close()
  })
})
