import type { MediaTarget } from './load/media-client.ts'

/** One of the two that take media sockets. */
export type Side = {
  readonly name: 'callwire' | 'floor'
  readonly pid: number
  /** Where the `n`th socket goes. */
  target(n: number): MediaTarget
  /** Media messages taken so far, and sockets open now. */
  counts(): Promise<{ frames: number; streams: number }>
}

export async function readCounts(origin: string): Promise<{ frames: number; streams: number }> {
  const response = await fetch(`${origin}/healthz`)
  const { frames, streams } = (await response.json()) as { frames: number; streams: number }
  return { frames, streams }
}
