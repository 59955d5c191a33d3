/**
 * An env file's text with the values of some of its variables replaced; comments and other lines stay as they are.
 * Throws when the text has no line for one of them: a value that goes nowhere would be missed later.
 */
export function fillTemplate(text, values) {
  const filled = new Set()
  const lines = text.split('\n').map((line) => {
    const name = /^([A-Z][A-Z0-9_]*)=/.exec(line)?.[1]
    if (name === undefined || !Object.hasOwn(values, name)) return line
    filled.add(name)
    return `${name}=${values[name]}`
  })
  const missing = Object.keys(values).filter((name) => !filled.has(name))
  if (missing.length > 0) throw new Error(`.env.example lacks ${missing.join(', ')}`)
  return lines.join('\n')
}
