import { createDataKey, parseContentRing } from '@callwire/crypto'
import { layOut } from '@callwire/recordings'
import { memoryStore } from '@callwire/recordings/testing'
import { systemClock, systemRandom } from '@callwire/runtime'
import { captureLogs } from '@callwire/testkit'
import { expect, it } from 'vitest'
import { playRecording } from './play-recording.ts'

/** Plays a recording of one part that the store does not have; says at each look whether it is erased. */
async function play(looks: boolean[]) {
  const logs = captureLogs({ service: 'gateway' })
  const ring = parseContentRing(`k1:${Buffer.alloc(32, 1).toString('base64')}`)
  const at = { tenantId: 'ten_1', recordingId: 'rec_1' }
  const part = { fromMs: 0, toMs: 1_000, sampleRate: 8_000, objectKey: 'ten_1/cal_1/rec_1' }
  const playback = layOut([part])
  if (playback === null) throw new Error('no part')
  const chunks = playRecording(
    {
      ...{ store: memoryStore(), clock: systemClock, random: systemRandom, log: logs.log },
      isErased: () => Promise.resolve(looks.shift() ?? true),
    },
    { ...at, callId: 'cal_1', dataKey: createDataKey(ring, at).dataKey, playback },
    { from: 44, to: playback.bytes },
  )
  const code = await chunks.next().then(
    () => 'played',
    (error: unknown) => (error as { code: string }).code,
  )
  return { code, hasAlert: logs.text().includes('alert raised') }
}

it.each([
  ['before its part is looked for', [true], 'recording_erased', false],
  ['while its part is looked for', [false, true], 'recording_erased', false],
  ['not at all', [false, false], 'recording_integrity', true],
])('a part that is gone, of a recording erased %s', async (_when, looks, code, hasAlert) => {
  expect(await play(looks)).toEqual({ code, hasAlert })
})
