/**
 * What ingest tells the transcriber about one call's audio. `index` counts the sealed blocks of
 * one media socket from 0 (and is the seal's own index), `startMs` is the block's place on the
 * call's clock. `arrivedAtMs` is when its last byte came in, epoch ms: it is for measuring the
 * pipe alone, outside the seal, and absent from entries of versions that did not say.
 */
export type AudioEntry =
  | AudioBlockEntry
  | { kind: 'gap'; streamId: string; fromMs: number; toMs: number }
  | { kind: 'end'; streamId: string; atMs: number }

export type AudioBlockEntry = {
  kind: 'audio'
  streamId: string
  index: number
  startMs: number
  sealed: Buffer
  arrivedAtMs?: number
}

/** The flat field list of a Redis Stream entry. */
export function encodeAudioEntry(entry: AudioEntry): (string | Buffer)[] {
  const { streamId } = entry
  switch (entry.kind) {
    case 'audio': {
      const { index, startMs, sealed, arrivedAtMs } = entry
      const fields = ['k', 'a', 's', streamId, 'i', String(index), 't', String(startMs)]
      if (arrivedAtMs !== undefined) fields.push('a', String(arrivedAtMs))
      return [...fields, 'b', sealed]
    }
    case 'gap':
      return ['k', 'g', 's', streamId, 'f', String(entry.fromMs), 't', String(entry.toMs)]
    case 'end':
      return ['k', 'e', 's', streamId, 't', String(entry.atMs)]
  }
}

/** The reverse; null for a field list that is none of ours. */
export function decodeAudioEntry(fields: readonly Buffer[]): AudioEntry | null {
  const byName = new Map<string, Buffer>()
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [name, value] = [fields[i], fields[i + 1]]
    if (name !== undefined && value !== undefined) byName.set(name.toString(), value)
  }
  const streamId = byName.get('s')?.toString()
  const t = wholeNumber(byName.get('t'))
  if (streamId === undefined || t === null) return null
  const kind = byName.get('k')?.toString()
  if (kind === 'e') return { kind: 'end', streamId, atMs: t }
  if (kind === 'g') {
    const fromMs = wholeNumber(byName.get('f'))
    return fromMs === null ? null : { kind: 'gap', streamId, fromMs, toMs: t }
  }
  const index = wholeNumber(byName.get('i'))
  const sealed = byName.get('b')
  if (kind !== 'a' || index === null || sealed === undefined) return null
  const arrivedAtMs = wholeNumber(byName.get('a'))
  const block: AudioEntry = { kind: 'audio', streamId, index, startMs: t, sealed }
  return arrivedAtMs === null ? block : { ...block, arrivedAtMs }
}

function wholeNumber(value: Buffer | undefined): number | null {
  const text = value?.toString() ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : null
}

/**
 * The bytes that a block's seal is bound to: a block moved to another tenant, call, socket,
 * place or time does not open. JSON of an array keeps the parts apart.
 */
export function audioHeader(o: {
  tenantId: string
  callId: string
  streamId: string
  index: number
  startMs: number
}): Uint8Array {
  return Buffer.from(
    JSON.stringify(['callwire-audio-1', o.tenantId, o.callId, o.streamId, o.index, o.startMs]),
  )
}
