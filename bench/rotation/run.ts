import { setTimeout as sleep } from 'node:timers/promises'
import type { Figure } from '../lib/bench.ts'
import { startLoad, type Load } from './load.ts'
import { residentMb } from './resident.ts'
import { seedPhones } from './seed.ts'
import { startSystem, type System } from './system.ts'

/** Two to a phone: key and token. */
const SECRETS_A_PHONE = 2
/** A process that has just started still grows: its code is compiled and its pools fill. */
const WARM_UP_MS = 30_000
const LOOK_MS = 1_000
const FOLLOW_BOUND_MS = 60_000

const GROWTH = { atMost: 50 }
const FAILED = { atMost: 0 }

export async function runRotation(secrets: number): Promise<Figure[]> {
  say('starting a system of its own')
  await using system = await startSystem()
  const { agent } = await system.client.agents.create({
    name: 'Bench',
    kind: 'human',
    number: '+919811122233',
  })
  const phones = await seedPhones(system, {
    phones: Math.ceil(secrets / SECRETS_A_PHONE),
    agentId: agent.id,
    progress: (done) => sayAt(done, `${done * SECRETS_A_PHONE} secrets sealed with k1`),
  })
  await using load = startLoad(system, phones)
  say('placing calls')
  const alone = new Date()
  await sleep(WARM_UP_MS)
  const before = await load.dialsSince(alone)
  await promote(system)
  return await rotate(system, load, before)
}

/** The key into the file, then to every process, then in charge: nobody restarts. */
async function promote(system: System): Promise<void> {
  const { client } = system
  await system.addKey()
  const until = performance.now() + FOLLOW_BOUND_MS
  for (;;) {
    const { lacking } = await client.keys.introduce('k2')
    if (lacking.length === 0) break
    say(`k2 is not held yet by ${lacking.map((process) => process.service).join(', ')}`)
    if (performance.now() > until) throw new Error('k2 did not reach every process')
    await sleep(LOOK_MS)
  }
  await client.keys.promote('k2')
  say('k2 is held everywhere and promoted')
}

async function rotate(system: System, load: Load, before: { p99Ms: number }): Promise<Figure[]> {
  const { client, dialerPid } = system
  const startMb = residentMb(dialerPid)
  const [began, startedAt] = [new Date(), performance.now()]
  let mostMb = startMb
  let { rotation: job } = await client.keys.rotate()
  while (job.state !== 'done') {
    await sleep(LOOK_MS)
    job = (await client.keys.rotation()).rotation ?? job
    mostMb = Math.max(mostMb, residentMb(dialerPid))
    const eta = job.eta === null ? 'unknown' : `${job.eta} s`
    const { done, total, failed, rate } = job
    say(
      `${done} of ${total} rows, ${failed} failed, ${rate} rows/s, eta ${eta}; ` +
        `dialer ${Math.round(residentMb(dialerPid))} MB; ${load.accepted()} calls`,
    )
  }
  const seconds = (performance.now() - startedAt) / 1_000
  await load[Symbol.asyncDispose]()
  const dials = await load.dialsSince(began)
  const left = await secretsUnder(system, 'k1')
  const secrets = await secretsUnder(system, 'k2')
  return [
    figure('secrets re-sealed', secrets, 'secrets'),
    figure('secrets left under the former key', left, 'secrets', { atMost: 0 }),
    figure('rows that did not open', job.failed, 'rows', FAILED),
    figure('rotation took', seconds, 's'),
    figure('rate', secrets / seconds, 'secrets/s'),
    figure('the dialer’s memory before', startMb, 'MB'),
    figure('its growth at most', mostMb - startMb, 'MB', GROWTH),
    figure('calls placed beside it', dials.placed, 'calls', { atLeast: 1 }),
    figure('dials that failed', dials.failed, 'calls', FAILED),
    figure('accepted to placed before, p99', before.p99Ms, 'ms'),
    figure('accepted to placed beside it, p99', dials.p99Ms, 'ms'),
  ]
}

async function secretsUnder({ sql }: System, kid: string): Promise<number> {
  const [row] = await sql<[{ rows: number }]>`
    select count(*)::int as rows from phone_credentials where kid = ${kid}`
  return row.rows * SECRETS_A_PHONE
}

function figure(name: string, value: number, unit: string, limit?: Figure['limit']): Figure {
  return { name, value, unit, ...(limit && { limit }) }
}

/** Beside the figures: a person waits for minutes, and a program reads standard output. */
function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

function sayAt(done: number, text: string): void {
  if (done % 10_000 === 0) say(text)
}
