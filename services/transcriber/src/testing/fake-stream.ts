import { audioHeader, type AudioEntry } from '@callwire/bus'
import {
  createDataKey,
  createStreamKey,
  parseContentRing,
  sealBlock,
  type StreamKey,
} from '@callwire/crypto'
import type { Database } from '@callwire/db'
import { isBefore } from '../stream-ids.ts'

/** Bytes of 8 kHz s16le mono. */
const BYTES_PER_MS = 16
const tenantId = 'ten_1'
const callId = 'cal_1'
const salt = Buffer.alloc(16, 7)
const ring = parseContentRing(`k1:${Buffer.alloc(32, 1).toString('base64')}`)
const { dataKey } = createDataKey(ring, { tenantId, callId })

/** What a media service would do next. */
export type MediaStep = { kind: 'sound' | 'gap'; ms: number } | { kind: 'socket'; holeMs: number }

/** A call as one media service after another hands it over: entries that tile the call's clock. */
export function scriptOf(steps: readonly MediaStep[]): { entries: AudioEntry[]; endMs: number } {
  const entries: AudioEntry[] = []
  let socket = 0
  let index = 0
  let atMs = 0
  let key = keyOf(socket)
  const streamId = () => `str_${String(socket)}`
  for (const step of steps) {
    if (step.kind === 'socket') {
      entries.push({ kind: 'end', streamId: streamId(), atMs })
      socket += 1
      index = 0
      key = keyOf(socket)
      if (step.holeMs > 0) {
        const toMs = atMs + step.holeMs
        entries.push({ kind: 'gap', streamId: streamId(), fromMs: atMs, toMs })
        atMs = toMs
      }
    } else if (step.kind === 'gap') {
      entries.push({ kind: 'gap', streamId: streamId(), fromMs: atMs, toMs: atMs + step.ms })
      atMs += step.ms
    } else {
      const place = { streamId: streamId(), index, startMs: atMs }
      const header = audioHeader({ tenantId, callId, ...place })
      const sealed = sealBlock(key, { index, header }, soundAt(atMs, step.ms))
      entries.push({ kind: 'audio', ...place, sealed })
      index += 1
      atMs += step.ms
    }
  }
  entries.push({ kind: 'end', streamId: streamId(), atMs })
  return { entries, endMs: atMs }
}

/** Sound that says at which ms of the call it belongs: each of its samples is that number. */
export function soundAt(fromMs: number, ms: number): Buffer {
  const pcm = Buffer.alloc(ms * BYTES_PER_MS)
  for (let i = 0; i < ms * 8; i += 1) pcm.writeInt16LE((fromMs + Math.floor(i / 8)) % 32_768, i * 2)
  return pcm
}

function keyOf(socket: number): StreamKey {
  return createStreamKey(dataKey, { streamId: `str_${String(socket)}`, salt })
}

/** A Redis Stream in memory, and what may become of one. */
export function createFakeStream() {
  let entries: { id: string; entry: AudioEntry }[] = []
  let lastMs = 1_000_000
  const append = (entry: AudioEntry) => {
    lastMs += 1
    entries.push({ id: `${String(lastMs)}-0`, entry })
  }
  return {
    append,
    read: (after: string, count: number) =>
      entries.filter(({ id }) => isBefore(after, id)).slice(0, count),
    lastId: () => entries.at(-1)?.id ?? null,
    /** Everything goes, and whoever appends next does so by a clock that is `backMs` behind. */
    lose(backMs: number) {
      entries = []
      lastMs -= backMs
    },
    /** The newest entries go, as with a file that is a second short. */
    loseNewest(count: number) {
      entries = entries.slice(0, Math.max(0, entries.length - count))
    },
    /** The oldest entries go, read or not. */
    trim(count: number) {
      entries = entries.slice(count)
    },
    trimBefore(id: string) {
      entries = entries.filter((one) => !isBefore(one.id, id))
    },
    /** An entry goes. */
    drop(at: number) {
      entries.splice(at % Math.max(1, entries.length), 1)
    },
    /** A bit of a block turns. */
    damage(at: number) {
      const found = entries[at % Math.max(1, entries.length)]
      if (found?.entry.kind !== 'audio') return
      const sealed = Buffer.from(found.entry.sealed)
      sealed.writeUInt8(sealed.readUInt8(3) ^ 1, 3)
      found.entry = { ...found.entry, sealed }
    },
  }
}

export type FakeStream = ReturnType<typeof createFakeStream>

/** A claim of the scripted call, from a place in it. */
export function claimFrom(ackedMs: number, fence = 1) {
  const position = { ackedId: '0-0', ackedMs }
  return { tenantId, callId, fence, dataKey, takenAtMs: 0, ...position }
}

/** Answers what a reader of audio asks of Postgres: a socket's salt, and whether all have ended. */
export function fakeRows(ended: () => number | null): Pick<Database, 'withTenant'> {
  const rowsOf = (columns: object) => {
    if ('keySalt' in columns) return [{ keySalt: salt.toString('base64url'), sampleRate: 8_000 }]
    const clockMs = ended()
    return [{ clockMs: clockMs ?? 0, endedAt: clockMs === null ? null : new Date(0) }]
  }
  const tx = {
    select: (columns: object) => ({
      from: () => ({ where: () => Promise.resolve(rowsOf(columns)) }),
    }),
  }
  return { withTenant: (_tenantId, work) => work(tx as never) }
}
