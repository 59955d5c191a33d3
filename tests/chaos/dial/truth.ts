import { readFile } from 'node:fs/promises'
import { z } from 'zod'

/** A call that the provider placed, by its own log. */
export type Placed = {
  sid: string
  /** What the request called it: our call's id. */
  callId: string | null
  from: string
  to: string
  mode: string
  atMs: number
  /** How it ended; null while it lives. */
  status: string | null
}

/** A request to place a call, by the provider's own log. */
export type Asked = {
  callId: string | null
  /** The port of the connection it came on. */
  port: number | null
  atMs: number
  /** When the reply was over; null: not before the log ends. */
  answeredAtMs: number | null
}

export type Truth = {
  placed: readonly Placed[]
  asked: readonly Asked[]
  /** When each account was asked anything, epoch ms. */
  requests: ReadonlyMap<string, readonly number[]>
  callbacks: number
}

const time = z.iso.datetime().transform((text) => Date.parse(text))
const base = { at: time, accountSid: z.string() }
const request = { customField: z.string().nullable(), port: z.number().nullable() }
const line = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('placed'),
    ...base,
    callSid: z.string(),
    mode: z.string(),
    from: z.string(),
    to: z.string(),
    customField: z.string().nullable(),
  }),
  z.object({ kind: z.literal('ended'), ...base, callSid: z.string(), status: z.string() }),
  z.object({ kind: z.literal('asked'), ...base, ...request }),
  z.object({ kind: z.literal('answered'), ...base, ...request }),
  z.object({ kind: z.literal('request'), ...base, method: z.string() }),
  z.object({ kind: z.literal('callback'), ...base }),
  z.object({ kind: z.literal('stream'), ...base }),
])

export async function readTruth(file: string): Promise<Truth> {
  return truthOf(await readFile(file, 'utf8'))
}

/** Reads the provider's log: every line counts, and one that is not understood is an error. */
export function truthOf(log: string): Truth {
  const placed = new Map<string, Placed>()
  const asked: Asked[] = []
  const open = new Map<string, Asked>()
  const requests = new Map<string, number[]>()
  const count = (accountSid: string, atMs: number) => {
    const times = requests.get(accountSid) ?? []
    times.push(atMs)
    requests.set(accountSid, times)
  }
  let callbacks = 0
  for (const text of log.split('\n')) {
    if (text === '') continue
    const entry = line.parse(JSON.parse(text))
    const { at: atMs, accountSid } = entry
    switch (entry.kind) {
      case 'placed': {
        const { callSid: sid, customField: callId, from, to, mode } = entry
        placed.set(sid, { sid, callId, from, to, mode, atMs, status: null })
        break
      }
      case 'ended': {
        const call = placed.get(entry.callSid)
        if (call) call.status = entry.status
        break
      }
      case 'asked': {
        const one = { callId: entry.customField, port: entry.port, atMs, answeredAtMs: null }
        asked.push(one)
        count(accountSid, atMs)
        open.set(`${String(entry.port)} ${String(entry.customField)}`, one)
        break
      }
      case 'answered': {
        const one = open.get(`${String(entry.port)} ${String(entry.customField)}`)
        if (one) one.answeredAtMs = atMs
        break
      }
      case 'request':
        // One that places a call was counted when it came.
        if (entry.method !== 'POST') count(accountSid, atMs)
        break
      case 'callback':
        callbacks += 1
        break
      case 'stream':
        break
    }
  }
  return { placed: [...placed.values()], asked, requests, callbacks }
}
