import { createHash } from 'node:crypto'
import type { CallEvent } from '@callwire/contracts'

export type Draft = { type: string; data: Record<string, unknown> }

type Gap = { fromMs: number; toMs: number }

const sha256 = (...parts: (string | Buffer)[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** A call's events with a sound chain and a receipt that adds up, apart from `wrong` in it. */
export function tellCall(callId: string, drafts: readonly Draft[], wrong: object): CallEvent[] {
  const events: CallEvent[] = []
  let head = sha256(`callwire:1:${callId}`)
  const append = ({ type, data }: Draft) => {
    const seq = events.length + 1
    const content = { at: '2026-01-01T00:00:00.000Z', callId, data, id: `evt_${seq}`, seq, type }
    const salt = Buffer.alloc(16, seq)
    head = sha256(head, sha256(salt, sorted(content)))
    const hash = head.toString('hex')
    events.push({ ...content, salt: salt.toString('base64url'), hash } as unknown as CallEvent)
  }
  drafts.forEach(append)
  append({ type: 'call.receipt', data: { ...receiptOf(drafts, head.toString('hex')), ...wrong } })
  return events
}

/** For drafts whose gaps do not touch. */
function receiptOf(drafts: readonly Draft[], hash: string): Record<string, unknown> {
  const ended = drafts.filter(({ type }) => type === 'stream.ended').map(({ data }) => data)
  const sum = (key: string) => ended.reduce((total, data) => total + Number(data[key]), 0)
  const gaps = [
    ...ended.flatMap(({ gaps: own }) => own as Gap[]),
    ...drafts.filter(({ type }) => type === 'transcript.gap').map(({ data }) => data as Gap),
  ].map(({ fromMs, toMs }) => ({ fromMs, toMs }))
  const finals = drafts.filter(({ type }) => type === 'transcript.final')
  return {
    ...{ revision: 1, events: drafts.length, hash, gaps },
    utterances: new Set(finals.map(({ data }) => data['utteranceId'])).size,
    ...{ frames: sum('frames'), duplicated: sum('duplicated') },
    ...{ rewound: sum('rewound'), audioMs: sum('audioMs') },
  }
}

/** JSON with sorted keys: enough of RFC 8785 for these events. */
function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const keys = Object.keys(value).sort()
  const pairs = keys.map(
    (key) => `${JSON.stringify(key)}:${sorted((value as Record<string, unknown>)[key])}`,
  )
  return `{${pairs.join(',')}}`
}
