/**
 * An env file's text with the values of some of its variables replaced; comments and other lines stay as they are.
 * Throws when the text has no line for one of them: a value that goes nowhere would be missed later.
 */
export function fillTemplate(text, values) {
  const { filled, missing } = fill(text, values)
  if (missing.length > 0) throw new Error(`.env.example lacks ${missing.join(', ')}`)
  return filled
}

/** The same for a file that is in use: a variable without a line gets one at the end. */
export function setLines(text, values) {
  const { filled, missing } = fill(text, values)
  if (missing.length === 0) return filled
  const start = filled === '' || filled.endsWith('\n') ? filled : `${filled}\n`
  return start + missing.map((name) => `${name}=${values[name]}\n`).join('')
}

function fill(text, values) {
  const found = new Set()
  const lines = text.split('\n').map((line) => {
    const name = /^([A-Z][A-Z0-9_]*)=/.exec(line)?.[1]
    if (name === undefined || !Object.hasOwn(values, name)) return line
    found.add(name)
    return `${name}=${values[name]}`
  })
  return {
    filled: lines.join('\n'),
    missing: Object.keys(values).filter((name) => !found.has(name)),
  }
}
