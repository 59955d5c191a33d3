/** A JSON-like value that can be written as XML elements. */
export type XmlValue = string | number | null | XmlValue[] | XmlElements
export type XmlElements = { [name in string]: XmlValue }

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

function element(name: string, value: XmlValue): string {
  if (Array.isArray(value)) return value.map((item) => element(name, item)).join('\n')
  if (value === null || value === '') return `<${name}/>`
  if (typeof value !== 'object') return `<${name}>${escape(String(value))}</${name}>`
  const children = Object.entries(value).map(([child, inner]) => element(child, inner))
  return `<${name}>\n${children.join('\n')}\n</${name}>`
}

/** The document v1 answers with when the path has no `.json`: its root is `TwilioResponse`. */
export function twilioResponse(body: XmlElements): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('TwilioResponse', body)}\n`
}
