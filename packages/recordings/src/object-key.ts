/** Names of one path: no empty one, none that begins with a dot, nothing that a file system or a URL reads otherwise. */
const SEGMENT = '[A-Za-z0-9_-][A-Za-z0-9._-]*'
const KEY = new RegExp(`^${SEGMENT}(?:/${SEGMENT})*$`)

/** S3 takes 1024 bytes, and the row of a part 500 characters. */
const MAX_KEY_CHARACTERS = 500

/** Whether a text may name an object in a store of ours. */
export function isObjectKey(key: string): boolean {
  return key.length <= MAX_KEY_CHARACTERS && KEY.test(key)
}

/** Throws TypeError for a key that no code of ours makes: before any store sees it. */
export function requireObjectKey(key: string): string {
  if (!isObjectKey(key)) throw new TypeError('Not a key of an object')
  return key
}

export type PartName = {
  tenantId: string
  callId: string
  recordingId: string
  /** Where it begins on the call's clock. */
  fromMs: number
  /** Whose it is: each holder of a call writes under names of its own, so that a late one changes nothing. */
  fence: number
}

/** By what every object of a recording begins. */
export function partPrefix(o: Omit<PartName, 'fromMs' | 'fence'>): string {
  return `${o.tenantId}/${o.callId}/${o.recordingId}-`
}

export function partKey(o: PartName): string {
  return requireObjectKey(`${partPrefix(o)}${o.fromMs}-${o.fence}.wav.sealed`)
}

/** Whose object a key of `partKey` names, also while it was being written; null for every other text. */
export function fenceOfPart(key: string): number | null {
  const fence = /-\d+-(\d{1,15})\.wav\.sealed(?:\.|$)/.exec(key)?.[1]
  return fence === undefined ? null : Number(fence)
}
