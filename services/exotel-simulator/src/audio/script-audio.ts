import { type Script } from '../scripts/script.ts'
import { encodeFrame, SAMPLES_PER_FRAME } from './caption.ts'
import { type Plan, planScript, scheduleCaptions } from './plan.ts'
import { seededNoise, synthesize } from './synth.ts'

export type ScriptAudio = {
  plan: Plan
  /** The conversation, 320 bytes each, captions inside. */
  frames: readonly Buffer[]
  /** The frame with this index of the stream: beyond the conversation, captioned silence. */
  frameAt: (index: number) => Buffer
}

function quietSamples(index: number): Int16Array {
  const noise = seededNoise(index + 1)
  return Int16Array.from({ length: SAMPLES_PER_FRAME }, () => Math.round(noise() * 6))
}

/** A script turned into the frames that a call's media socket sends. */
export function renderScript(script: Script): ScriptAudio {
  const plan = planScript(script)
  const samples = synthesize(script, plan)
  const captions = scheduleCaptions(plan)
  const count = samples.length / SAMPLES_PER_FRAME
  const frames = Array.from({ length: count }, (_, index) => {
    const from = index * SAMPLES_PER_FRAME
    const part = samples.subarray(from, from + SAMPLES_PER_FRAME)
    return encodeFrame(part, index, captions.get(index) ?? null)
  })
  return {
    plan,
    frames,
    frameAt: (index) => frames[index] ?? encodeFrame(quietSamples(index), index, null),
  }
}
