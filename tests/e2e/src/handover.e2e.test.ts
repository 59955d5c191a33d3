import { followCall } from '@callwire/sdk'
import { eventually } from '@callwire/testkit'
import { WebSocket } from 'ws'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  eventsToReceipt,
  startConstellation,
  type Constellation,
  type Service,
} from './constellation.ts'
import { missingWords, ofType } from './expected-words.ts'
import { makeScript } from './media/make-script.ts'

let system: Constellation
let phoneId: string
let authorization: string
beforeAll(async () => {
  system = await startConstellation({ CALL_POLL_AFTER_MS: '5000', API_RATE_PER_MINUTE: '0' })
  phoneId = await system.phoneWith({ name: 'Listener', kind: 'stream' })
  const { ingestCredentials } = await system.client.phones.createIngestCredentials(phoneId)
  authorization = `Basic ${btoa(`${ingestCredentials.key}:${ingestCredentials.token}`)}`
})
afterAll(() => system[Symbol.asyncDispose]())

let person = 9_876_800_000

/** Longer than a busy machine takes to put one process in another's place, and for three in a row. */
const ONE_SECONDS = 30
const THREE_SECONDS = 45
/** From then to a call's receipt. */
const RECEIPT_MS = 150_000

/** A call that is being spoken: its first final is there, and much of it is still to come. */
async function liveCall(seconds = ONE_SECONDS) {
  const script = await system.simulator.script(makeScript('long', seconds))
  const { call } = await system.client.calls.place({ phoneId, to: `+91${String((person += 1))}` })
  const heard = async () =>
    ofType((await system.client.calls.events(call.id)).events, 'transcript.final').length
  await eventually(async () => (await heard()) > 0, { boundMs: 60_000, what: 'the first final' })
  expect(await heard()).toBeLessThan(script.length)
  return { callId: call.id, script }
}

const pidOf = (service: Service): number => {
  const pid = system.runFile().pids[service]
  if (pid === undefined) throw new Error(`${service} does not run`)
  return pid
}

/** Tells one process alone to end, and waits for the one that takes its place. */
async function drain(service: Service): Promise<number> {
  const old = pidOf(service)
  process.kill(old, 'SIGTERM')
  await eventually(() => (system.runFile().pids[service] ?? old) !== old, {
    boundMs: 30_000,
    what: `a successor of ${service}`,
  })
  return old
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** What the launcher logged of one process with this message. */
const logged = (message: string, pid: number) =>
  system
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes(`"msg":"${message}"`))
    .map(
      (line) => JSON.parse(line) as { childPid?: number; code?: number | null; process?: string },
    )
    .filter((line) => line.childPid === pid)

/** Tries again and again, as somebody who is refused for the moment does. Gives each refusal's status. */
async function openMediaSocket(): Promise<{ socket: WebSocket; refusals: string[] }> {
  const refusals: string[] = []
  const url = `${system.socketUrl}/v1/ingest`
  const socket = await eventually(
    async () => {
      const attempt = new WebSocket(url, { headers: { authorization } })
      const answer = await new Promise<string>((resolve) => {
        attempt.once('open', () => resolve('open'))
        attempt.once('error', (error) => resolve(error.message))
      })
      if (answer === 'open') return attempt
      refusals.push(answer)
      return null
    },
    { boundMs: 30_000, what: 'a socket at the successor' },
  )
  return { socket, refusals }
}

test('an ingest told to end alone finishes its call while a successor serves new ones', async () => {
  const live = await liveCall()
  const old = await drain('ingest')
  const { socket, refusals } = await openMediaSocket()
  socket.terminate()
  expect(refusals.filter((text) => !/50[23]/.test(text))).toEqual([])
  expect(isAlive(old)).toBe(true)
  const next = await liveCall()

  for (const { callId, script } of [live, next]) {
    const events = await eventsToReceipt(system.client, callId, RECEIPT_MS)
    expect(missingWords(script, events)).toEqual([])
    expect(ofType(events, 'stream.ended').map(({ data }) => data.reason)).toEqual(['callended'])
    expect(ofType(events, 'transcript.gap')).toEqual([])
  }
  await eventually(() => !isAlive(old), { boundMs: 30_000, what: 'the end of the drained ingest' })
  await eventually(() => logged('drained process ended', old).length > 0)
  expect(logged('drained process ended', old)).toMatchObject([{ process: 'ingest', code: 0 }])
  expect(system.output()).not.toMatch(/"process":"ingest".*"msg":"process died"/)
})

test('drains follow one another, and a successor that dies is started again', async () => {
  const live = await liveCall(THREE_SECONDS)
  const first = await drain('ingest')
  const second = await drain('ingest')
  await eventually(() => !isAlive(second), {
    boundMs: 30_000,
    what: 'the end of one without calls',
  })
  const third = pidOf('ingest')
  process.kill(third, 'SIGKILL')
  await eventually(() => (system.runFile().pids['ingest'] ?? third) !== third, {
    boundMs: 30_000,
    what: 'ingest again',
  })
  const { socket } = await openMediaSocket()
  socket.terminate()
  expect(isAlive(first)).toBe(true)
  const events = await eventsToReceipt(system.client, live.callId, RECEIPT_MS)
  expect(missingWords(live.script, events)).toEqual([])
})

test('a consumer of a copilot told to end alone misses nothing', async () => {
  const live = await liveCall()
  const seqs: number[] = []
  const stop = new AbortController()
  const { callId } = live
  const followed = followCall({
    url: system.socketUrl,
    token: system.apiKey,
    callId,
    signal: stop.signal,
  })
  const following = (async () => {
    for await (const one of followed) {
      if (one.type !== 'event') continue
      seqs.push(one.event.seq)
      if (one.event.type === 'call.receipt') stop.abort()
    }
  })()
  await eventually(() => seqs.length > 0)
  const old = await drain('copilot')
  await following
  const events = await eventsToReceipt(system.client, callId, RECEIPT_MS)
  expect(seqs).toEqual(events.map(({ seq }) => seq))
  await eventually(() => logged('drained process ended', old).length > 0, { boundMs: 30_000 })
  expect(logged('drained process ended', old)).toMatchObject([{ process: 'copilot', code: 0 }])
  expect(system.output()).not.toMatch(/"process":"copilot".*"msg":"process died"/)
})

test('the end of the whole ends what still drains', async () => {
  await liveCall()
  const old = await drain('ingest')
  expect(isAlive(old)).toBe(true)
  const { pids } = system.runFile()
  // Gives 0 only when everything has ended in good order within the launcher's own bound.
  expect(await system.stop()).toBe(0)
  expect([old, ...Object.values(pids)].filter(isAlive)).toEqual([])
})
