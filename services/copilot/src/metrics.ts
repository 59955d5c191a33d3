import type { Metrics } from '@callwire/runtime'

/** What the copilot counts. Labels are from closed sets: never an id, never a text from the wire. */
export function createCopilotMetrics(metrics: Metrics, open: () => { known: number; all: number }) {
  metrics.gauge({
    name: 'callwire_copilot_consumers',
    help: 'Open consumer connections, by whether they have said who they are',
    labelNames: ['known'],
    collect() {
      const { known, all } = open()
      this.set({ known: 'true' }, known)
      this.set({ known: 'false' }, all - known)
    },
  })
  return {
    closed: metrics.counter({
      name: 'callwire_copilot_closed_total',
      help: 'Consumer sockets that we closed, by close code',
      labelNames: ['code'],
    }),
    interimsLeftOut: metrics.counter({
      name: 'callwire_copilot_interims_left_out_total',
      help: 'Interims not sent because their consumer was behind',
    }),
  }
}

export type CopilotMetrics = ReturnType<typeof createCopilotMetrics>
