import type { Budget, Queues } from '@callwire/bus'
import type { ContentRing, MacRing, OpenRing } from '@callwire/crypto'
import type { Database } from '@callwire/db'
import type { ExotelAccount, ExotelClient } from '@callwire/exotel'
import type { Ledger } from '@callwire/ledger'
import type { RecordingStore } from '@callwire/recordings'
import type { Clock, Logger, Random } from '@callwire/runtime'
import type { DialBatches } from './dial/dial-batches.ts'
import type { DialerMetrics } from './dialer-metrics.ts'

/** What the dialer is told by its configuration. Times in ms. */
export type DialerSettings = {
  /** Where Exotel reports how a call goes, without a slash at the end. */
  webhookBaseUrl: string
  /** The origin of our media sockets (`ws://` or `wss://`), without a slash at the end. */
  mediaBaseUrl: string
  /** The word for when the audio of a bridged call begins: not settled in Exotel's docs. */
  streamBegin: string
  dialTimeoutMs: number
  reconcileAfterMs: number
  reconcileGraceMs: number
  callPollAfterMs: number
}

/** Everything the dialer works with; each verb picks what it needs. */
export type DialerDeps = {
  database: Database
  dials: DialBatches
  ledger: Ledger
  queues: Pick<Queues, 'wakeDialer' | 'relayDials'>
  budget: Budget
  exotel: Pick<
    ExotelClient,
    | 'placeCall'
    | 'callDetails'
    | 'callDetailsV3'
    | 'listCalls'
    | 'checkCredentials'
    | 'activeStreams'
  >
  credentialRing: OpenRing
  /** For phones without credentials, where the install has one tenant; null when not asked for. */
  globalAccount: ExotelAccount | null
  contentRing: ContentRing
  callbackRing: MacRing
  /** Where calls' audio is kept; null: nowhere. */
  store: RecordingStore | null
  /** This process among all, for work that one process does for all. */
  owner: string
  settings: DialerSettings
  metrics: DialerMetrics
  /** Its wall clock is the database's, however wrong this machine's is. */
  clock: Clock
  random: Random
  log: Logger
  /** Aborted when the process is to end: from then on no request is begun. */
  stopping: AbortSignal
  /** Aborted when answers cannot be waited for any longer: their calls become `unknown`. */
  cutting: AbortSignal
}
