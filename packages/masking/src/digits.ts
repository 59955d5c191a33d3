/** What may stand between two groups of one number: a space or two, or a dash or dot among them. */
export const SEPARATOR = '(?: ?[-.] ?| {1,2})'

/** Pattern source of digit groups of these sizes. Digits glued on either side forbid a match. */
export function groups(...sizes: readonly string[]): string {
  return sizes.map((size) => `\\d{${size}}`).join(SEPARATOR)
}

/** A pattern that no digit precedes or follows. Letters may: words are glued to numbers. */
export function standing(...alternatives: readonly string[]): RegExp {
  return new RegExp(`(?<!\\d)(?:${alternatives.join('|')})(?!\\d)`, 'g')
}

export function digitsOf(text: string): string {
  return text.replace(/\D/g, '')
}
