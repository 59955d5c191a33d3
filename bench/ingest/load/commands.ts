import type { MediaTarget } from './media-client.ts'

/** What the process that makes the load is asked, and what it answers. Times in ms. */
export type Command =
  | { do: 'open'; side: string; targets: MediaTarget[]; perSecond: number }
  | { do: 'drive'; side: string; settleMs: number; windowMs: number; pids: number[] }
  | { do: 'close'; side: string; count: number }

export type Answer =
  { kind: 'done' } | { kind: 'driven'; drive: Drive } | { kind: 'failed'; error: string }

/** What was sent and seen while frames went out in real time. */
export type Drive = {
  streams: number
  /** Frames, before the window and in it. */
  sent: number
  /** Of those sockets that the server closed meanwhile. */
  closed: string[]
  windowMs: number
  /** Processor time of each process over the window. */
  cpuMs: number[]
  pings: number
  pongs: number
  /** From a ping behind a stream's frames to its pong. */
  lagP50: number
  lagP99: number
  lagMax: number
  /** How much later than it was due a frame went out: the load's own fault. */
  lateP99: number
}
