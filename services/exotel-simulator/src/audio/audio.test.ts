import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { builtinScripts, ROTATION } from '../scripts/builtin.ts'
import { type Script, ScriptSchema } from '../scripts/script.ts'
import { blockOf, decodeFrame, decodeRecords } from '../testing/decode-captions.ts'
import { cutRecord, encodeFrame, encodeRecord } from './caption.ts'
import { planScript } from './plan.ts'
import { renderScript } from './script-audio.ts'
import { syllablesOf } from './syllables.ts'
import { toWav } from './wav.ts'

const word = fc.oneof(
  fc.stringMatching(/^[a-zA-Z]{1,14}[,.?!]?$/),
  fc.constantFrom('98765', '43210.', 'नमस्ते,', 'धन्यवाद।', 'हूँ', '🙂', 'ñandú', 'किस्त'.repeat(4)),
)
const script: fc.Arbitrary<Script> = fc
  .array(
    fc.record({
      speaker: fc.constantFrom(0, 1),
      language: fc.constantFrom('hi-IN', 'en-IN', 'ta', 'zh-Hant-TW'),
      text: fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join(' ')),
      pauseMs: fc.integer({ min: 0, max: 300 }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((turns) =>
    ScriptSchema.parse({
      ...{ name: 'made-up', turns },
      speakers: [
        { name: 'a', pitchHz: 200 },
        { name: 'b', pitchHz: 120 },
      ],
    }),
  )

/** What the captions should say of a script. */
const spoken = (made: Script) =>
  planScript(made).utterances.flatMap((said) => [
    ...said.words.map(({ text, startMs, endMs }) => ({
      ...{ type: 1, speaker: said.speaker, utterance: said.utterance, text, startMs, endMs },
    })),
    {
      ...{ type: 2, speaker: said.speaker, utterance: said.utterance, text: said.language },
      ...{ startMs: said.startMs, endMs: said.endMs },
    },
  ])

describe('the plan', () => {
  it('keeps words apart, in order, on frame borders', () => {
    fc.assert(
      fc.property(script, (made) => {
        const plan = planScript(made)
        expect(plan).toEqual(planScript(made))
        let at = 0
        for (const said of plan.utterances) {
          for (const { startMs, endMs } of said.words) {
            expect(startMs).toBeGreaterThanOrEqual(at)
            expect(endMs).toBeGreaterThan(startMs)
            expect([startMs % 20, endMs % 20]).toEqual([0, 0])
            at = endMs
          }
        }
        expect(plan.durationMs).toBeGreaterThan(at)
      }),
    )
  })
  it.each(ROTATION)(
    '%s is a conversation of nine to twelve seconds with a number in it',
    (name) => {
      const made = builtinScripts.find((one) => one.name === name)
      if (!made) throw new Error('no such script')
      const plan = planScript(made)
      expect(plan.durationMs).toBeGreaterThanOrEqual(9_000)
      expect(plan.durationMs).toBeLessThanOrEqual(12_000)
      expect(new Set(plan.utterances.map(({ speaker }) => speaker))).toEqual(new Set([0, 1]))
      expect(made.turns.map(({ text }) => text).join(' ')).toMatch(/\b[6-9]\d{4} \d{5}\b/)
    },
  )
  it('has scripts in three languages, one without digits, and a short one', () => {
    const text = (name: string) =>
      builtinScripts
        .find((s) => s.name === name)
        ?.turns.map((t) => t.text)
        .join(' ') ?? ''
    expect(text('english-delivery')).toMatch(/^[\x20-\x7e]+$/)
    expect(text('hindi-loan')).not.toMatch(/[a-z]/i)
    expect(text('hinglish-booking')).toMatch(/[a-z].*[\u0900-\u097f]/i)
    expect(text('no-numbers')).not.toMatch(/\p{Nd}/u)
    for (const made of builtinScripts) expect(ScriptSchema.parse(made)).toEqual(made)
  })
})

describe('captions', () => {
  it('come back from the audio as they were said, each by its last frame', () => {
    fc.assert(
      fc.property(script, (made) => {
        const { frames } = renderScript(made)
        const found = decodeRecords(frames)
        expect(found.map(({ doneAt: _, ...record }) => record)).toEqual(spoken(made))
        for (const record of found)
          expect((record.doneAt + 1) * 20).toBeLessThanOrEqual(record.endMs)
        for (const end of found.filter(({ type }) => type === 2))
          expect((end.doneAt + 1) * 20).toBe(end.endMs)
      }),
      { numRuns: 25 },
    )
  })
  it('number every frame, silence included, and go on after the script', () => {
    const audio = renderScript(builtinScripts.at(-1) ?? expect.unreachable())
    audio.frames.forEach((frame, index) => expect(decodeFrame(frame)?.index).toBe(index))
    expect(decodeFrame(audio.frameAt(100_000))).toEqual({
      index: 100_000,
      flags: 0,
      piece: Buffer.alloc(0),
    })
  })
  it('show one flipped bit anywhere', () => {
    const samples = Int16Array.from({ length: 160 }, (_, i) => (i * 733) % 9000)
    const frame = encodeFrame(samples, 7, null)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 319 }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const broken = Buffer.from(frame)
        broken[at] = (broken[at] ?? 0) ^ (1 << bit)
        expect(decodeFrame(broken)).toBeNull()
      }),
    )
  })
  it('are as the format page works out', () => {
    const page = readFileSync(
      new URL('../../../../docs/formats/captions.md', import.meta.url),
      'utf8',
    )
    const lines = page.split('\n').filter((line) => /^([0-9a-f]{2} )+[0-9a-f]{2}$/.test(line))
    const [record, first, second, none, bytes] = lines.map((line) => line.replaceAll(' ', ''))
    const times = { startMs: 5860, endMs: 6040 }
    const said = { type: 'word', speaker: 1, utterance: 2, text: 'हाँ', ...times } as const
    const level = new Int16Array(160).fill(256)
    const [one, two] = cutRecord(said)
    const frame = encodeFrame(level, 300, one ?? null)
    expect(encodeRecord(said).toString('hex')).toBe(record)
    expect(blockOf(frame).toString('hex')).toBe(first)
    expect(blockOf(encodeFrame(level, 301, two ?? null)).toString('hex')).toBe(second)
    expect(blockOf(encodeFrame(level, 302, null)).toString('hex')).toBe(none)
    expect(frame.subarray(0, 16).toString('hex')).toBe(bytes)
  })
})

describe('the sound', () => {
  const audio = renderScript(builtinScripts[0] ?? expect.unreachable())
  const loudness = (fromMs: number, toMs: number) => {
    const pcm = Buffer.concat(audio.frames.slice(fromMs / 20, toMs / 20))
    let sum = 0
    for (let at = 0; at < pcm.length; at += 2) sum += pcm.readInt16LE(at) ** 2
    return Math.sqrt(sum / (pcm.length / 2))
  }
  it('is there where words are, quiet elsewhere, and the same every time', () => {
    for (const { words } of audio.plan.utterances) {
      for (const { startMs, endMs } of words) expect(loudness(startMs, endMs)).toBeGreaterThan(200)
    }
    expect(loudness(0, 300)).toBeLessThan(10)
    const again = renderScript(builtinScripts[0] ?? expect.unreachable())
    expect(Buffer.concat(again.frames).equals(Buffer.concat(audio.frames))).toBe(true)
  })
  it('is a WAV file of the right length', () => {
    const wav = toWav(audio.frames)
    expect(wav.toString('latin1', 0, 4)).toBe('RIFF')
    expect(wav.readUInt32LE(24)).toBe(8000)
    expect(wav.readUInt32LE(40)).toBe(audio.plan.durationMs * 16)
    expect(wav).toHaveLength(44 + audio.plan.durationMs * 16)
  })
})

it.each([
  ['hello', 2],
  ['delivery', 4],
  ['98765', 5],
  ['नमस्ते', 3],
  ['नंबर', 2],
  ['है।', 1],
  ['…', 1],
  ['१२३', 3],
])('%s has %i syllables', (text, count) => expect(syllablesOf(text)).toHaveLength(count))
