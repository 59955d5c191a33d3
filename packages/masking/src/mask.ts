import { find } from './find.ts'
import type { Masked, MaskedSpan, MaskedText } from './kind.ts'

/**
 * Hides phone, card and Aadhaar numbers, virtual ids and e-mail addresses as they are written, in
 * any script's digits: each reads `[kind]`, and `masked` says where. Masking a masked text changes
 * nothing.
 */
export function mask(text: string): Masked {
  let current: { text: string; masked: MaskedSpan[] } = { text, masked: [] }
  for (;;) {
    // What is hidden no longer joins what stands around it, which may show another number.
    const found = find(current.text)
    if (found.length === 0) return { text: current.text as MaskedText, masked: current.masked }
    current = hide(current, found)
  }
}

/** Replaces the found spans, which touch none that are hidden already, and moves those along. */
function hide(
  { text, masked }: { text: string; masked: readonly MaskedSpan[] },
  found: readonly MaskedSpan[],
): { text: string; masked: MaskedSpan[] } {
  const isNew = new Set(found)
  const spans = [...masked, ...found].sort((a, b) => a.start - b.start)
  const result: { text: string; masked: MaskedSpan[] } = { text: '', masked: [] }
  let position = 0
  for (const span of spans) {
    result.text += text.slice(position, span.start)
    const start = result.text.length
    result.text += isNew.has(span) ? `[${span.kind}]` : text.slice(span.start, span.end)
    result.masked.push({ kind: span.kind, start, end: result.text.length })
    position = span.end
  }
  result.text += text.slice(position)
  return result
}
