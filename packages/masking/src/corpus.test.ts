import { describe, expect, it } from 'vitest'
import { mask } from './mask.ts'
import { corpus } from './testing/corpus.ts'

const hidden = corpus<{ language: string; text: string; masked: string }>('hidden')
const kept = corpus<{ language: string; text: string }>('kept')

describe('what is hidden', () => {
  it.each(hidden)('$language: $text', ({ text, masked }) => {
    const result = mask(text)
    expect(result.text).toBe(masked)
    const names = [...masked.matchAll(/\[\w+\]/g)].map(({ 0: name, index }) => ({
      kind: name.slice(1, -1),
      start: index,
      end: index + name.length,
    }))
    expect(result.masked).toEqual(names)
    expect(mask(result.text)).toEqual({ text: masked, masked: [] })
  })
})

describe('what stays', () => {
  it.each(kept)('$language: $text', ({ text }) => {
    expect(mask(text)).toEqual({ text, masked: [] })
  })
})
