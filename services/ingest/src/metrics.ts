import { createMetrics, type Metrics } from '@callwire/runtime'

/** What ingest counts. Labels are from closed sets: never an id, never a text from the wire. */
export function createIngestMetrics(metrics: Metrics = createMetrics()) {
  return {
    metrics,
    streams: metrics.gauge({ name: 'callwire_ingest_streams', help: 'Open media sockets' }),
    frames: metrics.counter({
      name: 'callwire_ingest_frames_total',
      help: 'Accepted media messages',
    }),
    duplicated: metrics.counter({
      name: 'callwire_ingest_duplicated_total',
      help: 'Media messages dropped as repeats',
    }),
    skipped: metrics.counter({
      name: 'callwire_ingest_skipped_total',
      help: 'Messages counted and skipped, by why',
      labelNames: ['why'],
    }),
    refused: metrics.counter({
      name: 'callwire_ingest_refused_total',
      help: 'Handshakes and requests refused, by HTTP status; none: cut before they said anything',
      labelNames: ['status'],
    }),
    alerts: metrics.counter({
      name: 'callwire_alerts_total',
      help: 'Alerts raised, by code',
      labelNames: ['code'],
    }),
    ended: metrics.counter({
      name: 'callwire_ingest_ended_total',
      help: 'Media sockets that ended, by how',
      labelNames: ['how'],
    }),
    rewound: metrics.counter({
      name: 'callwire_ingest_rewound_total',
      help: 'Media messages whose number went back and whose audio was new',
    }),
    gaps: metrics.counter({
      name: 'callwire_ingest_gap_seconds_total',
      help: 'Audio told as gaps: numbered and never sent, missed by a takeover, or lost on the way',
    }),
    lost: metrics.counter({
      name: 'callwire_ingest_lost_audio_seconds_total',
      help: 'Audio that Redis did not take in time, told as gaps',
    }),
    blockToRedis: metrics.histogram({
      name: 'callwire_ingest_block_to_redis_seconds',
      help: 'From the last byte of a block of audio to Redis having it',
      buckets: [0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 12],
    }),
    appendFailures: metrics.counter({
      name: 'callwire_ingest_append_failures_total',
      help: 'Attempts to hand audio to Redis that failed',
    }),
  }
}

export type IngestMetrics = ReturnType<typeof createIngestMetrics>
