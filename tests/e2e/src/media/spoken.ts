import type { Simulator } from '../simulator.ts'
import type { SpokenTurn } from './check.ts'

/** One media socket of a call: which frames of the conversation it carried, and how it was closed. */
export type SpokenSocket = { firstFrame: number; frames: number; closeCode: number | null }

export type Spoken = {
  callSid: string
  status: string
  turns: readonly SpokenTurn[]
  /** Until when somebody spoke, in ms since the first frame. */
  spokenMs: number
  /** When the first socket had said `start`, epoch ms; null before. */
  startedAtMs: number | null
  sockets: readonly SpokenSocket[]
  /** Why handshakes failed, in order. */
  refusals: readonly string[]
}

type Line = {
  kind: string
  at: string
  event?: string
  streamSid?: string
  firstFrame?: number
  frames?: number
  code?: number
  reason?: string
}
type Detail = {
  call: {
    callSid: string
    status: string
    mode: string
    scriptMs: number
    endedAt: string | null
    utterances: SpokenTurn[]
  }
  log: Line[]
}

const FRAME_MS = 20

/** What the simulator says of one of its calls: the exact words, and which of them went into which socket. */
export async function readSpoken(simulator: Simulator, callSid: string): Promise<Spoken> {
  const { call, log } = (await simulator.ask('GET', `/simulator/calls/${callSid}`)) as Detail
  const lines = log.filter(({ kind }) => kind === 'stream')
  const starts = lines.filter(({ event }) => event === 'start')
  const sockets = starts.map(({ streamSid, firstFrame = 0 }) => {
    const own = lines.filter((line) => line.streamSid === streamSid)
    const frames = own.find(({ event }) => event === 'end')?.frames ?? 0
    const closeCode = own.find(({ event }) => event === 'closed')?.code ?? null
    return { firstFrame, frames, closeCode }
  })
  const refusals = lines.flatMap(({ event, reason }) =>
    event === 'handshake' && reason !== undefined ? [reason] : [],
  )
  const startedAtMs = starts[0] === undefined ? null : Date.parse(starts[0].at)
  const sentMs = Math.max(0, ...sockets.map((one) => (one.firstFrame + one.frames) * FRAME_MS))
  // Between two numbers people talk on, whatever becomes of the stream.
  const talkedMs = Date.parse(call.endedAt ?? '') - (startedAtMs ?? 0)
  return {
    ...{ callSid, status: call.status, turns: call.utterances, startedAtMs, sockets, refusals },
    spokenMs: call.mode === 'two-numbers' ? Math.min(call.scriptMs, talkedMs) : sentMs,
  }
}
