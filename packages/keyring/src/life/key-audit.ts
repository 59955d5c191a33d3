import type { KeyActor } from './key-life.ts'

/** Writes down a step before it is taken: what cannot be written down does not happen. */
export type KeyAudit = (entry: {
  by: KeyActor
  action: `keys.${string}`
  details: Record<string, string | number | boolean | null>
}) => Promise<void>
