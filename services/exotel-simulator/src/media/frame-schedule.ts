import { FRAME_MS } from '../wire/media-messages.ts'

/** How many frames should have left after so long: a frame leaves when its 20 ms are over. */
export const framesDue = (elapsedMs: number): number =>
  Math.max(0, Math.floor(elapsedMs / FRAME_MS))

/** How long to wait until the next frame is due. Counted from the start, so a late wake-up never adds up. */
export const waitForNext = (elapsedMs: number, sent: number): number =>
  Math.max(0, (sent + 1) * FRAME_MS - elapsedMs)
