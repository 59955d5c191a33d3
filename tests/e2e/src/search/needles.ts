/** A place where something may have been written, and everything that stands there. */
export type Sink = { name: string; bytes: Buffer }

export const textSink = (name: string, text: string): Sink => ({ name, bytes: Buffer.from(text) })

/** A secret as text, or as the bytes of a key. */
export type Secrets = Readonly<Record<string, string | Buffer>>

type Needle = { what: string; bytes: Buffer }

/** Anything shorter stands everywhere by chance. */
const SHORTEST = 6

/** The forms in which a secret gets about, also from within a longer text that was encoded as a whole. */
export function formsOf(secret: string | Buffer): Buffer[] {
  const bytes = Buffer.from(secret)
  const hex = bytes.toString('hex')
  const percent = hex.replace(/../g, '%$&')
  const texts = [
    hex,
    hex.toUpperCase(),
    percent,
    percent.toUpperCase(),
    ...[0, 1, 2].flatMap((shift) => {
      const core = base64Core(bytes, shift)
      return [core, core.replaceAll('+', '-').replaceAll('/', '_')]
    }),
    ...(typeof secret === 'string' ? textForms(secret) : []),
  ]
  const unique = new Map([bytes, ...texts.map((text) => Buffer.from(text))].map(keyed))
  return [...unique.values()].filter((form) => form.length >= SHORTEST)
}

const keyed = (bytes: Buffer): [string, Buffer] => [bytes.toString('latin1'), bytes]

function textForms(secret: string): string[] {
  return [
    encodeURIComponent(secret),
    new URLSearchParams({ x: secret }).toString().slice(2),
    JSON.stringify(secret).slice(1, -1),
    JSON.stringify(JSON.stringify(secret)).slice(3, -3),
  ]
}

/** What base64 makes of these bytes wherever they begin in a group of three, without what their neighbours change. */
function base64Core(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64')
  const from = Math.ceil((shift * 8) / 6)
  return text.slice(from, Math.floor(((shift + bytes.length) * 8) / 6))
}

/**
 * Looks for every form of every secret at once. Gives a line per finding, `what in where`; never a value.
 */
export function createSearch(secrets: Secrets): (sinks: Iterable<Sink>) => string[] {
  const byBeginning = new Map<number, Needle[]>()
  const begins = new Uint8Array(0x1_0000)
  for (const [what, secret] of Object.entries(secrets)) {
    if (Buffer.from(secret).length < SHORTEST) throw new Error(`${what} is too short to look for`)
    for (const bytes of formsOf(secret)) {
      const beginning = bytes.readUInt32BE(0)
      byBeginning.set(beginning, [...(byBeginning.get(beginning) ?? []), { what, bytes }])
      begins[beginning >>> 16] = 1
    }
  }
  const namesIn = (bytes: Buffer): Set<string> => {
    const names = new Set<string>()
    for (let at = 0; at + SHORTEST <= bytes.length; at += 1) {
      if (begins[bytes.readUInt16BE(at)] === 0) continue
      for (const needle of byBeginning.get(bytes.readUInt32BE(at)) ?? []) {
        const end = at + needle.bytes.length
        if (end <= bytes.length && bytes.compare(needle.bytes, 0, undefined, at, end) === 0)
          names.add(needle.what)
      }
    }
    return names
  }
  return (sinks) => {
    const found = new Set<string>()
    for (const { name, bytes } of sinks)
      for (const what of namesIn(bytes)) found.add(`${what} in ${name}`)
    return [...found]
  }
}
