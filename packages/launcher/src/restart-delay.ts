/** A process that lived this long had come up: its next death is a first one again. */
export const healthyAfterMs = 30_000

const firstDelayMs = 200
/** A process that cannot start must not keep a small machine busy. */
export const longestDelayMs = 30_000

/** How long to wait before starting a process again that died `deaths` times in a row. Well under 2 s for the first. */
export function restartDelayMs(deaths: number): number {
  return Math.min(firstDelayMs * 2 ** Math.max(deaths - 1, 0), longestDelayMs)
}
