export { personIndex, sealContexts, type CredentialPlace } from './contexts.ts'
export type { KeyJobsDeps } from './jobs/key-jobs-deps.ts'
export { runKeyJobs } from './jobs/run-key-jobs.ts'
export { KeyringError, type KeyringErrorCode } from './keyring-error.ts'
export { createKeyLife } from './life/create-key-life.ts'
export type { JobView } from './life/job-view.ts'
export { createKeyAudit, type KeyAudit } from './life/key-audit.ts'
export type { KeyActor, KeyLife, KeyStatusView, KeyView, Refused } from './life/key-life.ts'
export { refusalSentence, type KeyProcess, type KeyRefusal } from './life/refusal.ts'
export { checkName, parseNamedRing, type RingName } from './rings.ts'
export { requireKnownKeys } from './watch/require-known-keys.ts'
export {
  watchKeys,
  type HeldRing,
  type KeyWatch,
  type WatchKeysOptions,
} from './watch/watch-keys.ts'
export { heldRing } from './watch/held-ring.ts'
export { measureHeldKeys } from './watch/measure-held-keys.ts'
