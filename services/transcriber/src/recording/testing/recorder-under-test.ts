import { createLeases } from '@callwire/bus'
import type { RecordingStore } from '@callwire/recordings'
import { createMetrics, systemClock, systemRandom } from '@callwire/runtime'
import { createAcknowledger } from '../../acknowledge.ts'
import { claimCall, type Claim } from '../../claim-call.ts'
import { createKeyPatience } from '../../key-patience.ts'
import type { HeardMoment, Listener } from '../../listener.ts'
import { createTranscriberMetrics } from '../../metrics.ts'
import type { Fixture, SeededCall } from '../../testing/fixture.ts'
import { times } from '../../times.ts'
import { createRecorder } from '../recorder.ts'

const SECOND = 16_000

/** Samples that tell where on the clock they were heard. */
export const sound = (fromMs: number, ms: number) => {
  const pcm = Buffer.alloc((ms * SECOND) / 1_000)
  for (let at = 0; at < pcm.length; at += 2) pcm.writeInt16LE((fromMs * 8 + at / 2) % 30_000, at)
  return pcm
}

export const secondOf = (startMs: number): Extract<HeardMoment, { kind: 'audio' }> => ({
  ...{ startMs, endMs: startMs + 1_000, sampleRate: 8_000 },
  kind: 'audio',
  pcm: sound(startMs, 1_000),
})

export async function hear(listener: Listener, fromMs: number, toMs: number) {
  for (let ms = fromMs; ms < toMs; ms += 1_000) await listener.take(secondOf(ms))
}

/** A call with its first audio. */
export async function seed(fixture: Fixture): Promise<SeededCall> {
  const call = await fixture.call()
  await fixture.socket(call)
  return call
}

/** A holder of a call, as one process of several: its lease was another's a moment ago. */
export async function claim(fixture: Fixture, call: SeededCall, owner: string): Promise<Claim> {
  const leases = createLeases(fixture.bus)
  const claimed = await claimCall(
    {
      ...{ database: fixture.own, leases, contentRing: fixture.ring, owner, times },
      ...{ ledger: fixture.ownLedger, log: fixture.logs.log },
      keyPatience: createKeyPatience(systemClock, times.keyWaitMs),
      ...{ clock: systemClock, metrics: createTranscriberMetrics(createMetrics(), systemClock) },
    },
    call,
  )
  if (claimed === null) throw new Error('not claimed')
  await leases.release(call.callId, owner)
  return claimed
}

/** The recorder of a call's holder, who waits so long for the store at its end. */
export async function listen(
  fixture: Fixture,
  claimed: Claim,
  { store, finishWaitMs = 20_000 }: { store: RecordingStore | null; finishWaitMs?: number },
) {
  const acknowledger = createAcknowledger({ ackedId: claimed.ackedId, ackedMs: claimed.ackedMs })
  const parts = { clock: systemClock, random: systemRandom, log: fixture.logs.log }
  const metrics = createTranscriberMetrics(createMetrics(), systemClock)
  const recorder = createRecorder(
    {
      ...{ database: fixture.own, ledger: fixture.ownLedger, audio: fixture.audio, store, times },
      ...{ contentRing: fixture.ring, metrics, ...parts },
    },
    { finishWaitMs },
  )
  const listener = await recorder(claimed, acknowledger)
  if (listener === null) throw new Error('not recorded')
  return { listener, acknowledger }
}

/** Nobody tells it to stop. */
export const undisturbed = new AbortController().signal

export const alertsOf = async (fixture: Fixture, call: SeededCall) =>
  (await fixture.events(call)).flatMap((event) =>
    event.type === 'alert' && event.data !== null ? [event.data.code] : [],
  )
