import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
  type CounterConfiguration,
  type GaugeConfiguration,
  type HistogramConfiguration,
} from 'prom-client'

/** One process's metrics; `counter`, `gauge` and `histogram` take prom-client's own descriptions. */
export type Metrics = {
  registry: Registry
  counter<L extends string = string>(o: MetricOptions<CounterConfiguration<L>>): Counter<L>
  gauge<L extends string = string>(o: MetricOptions<GaugeConfiguration<L>>): Gauge<L>
  histogram<L extends string = string>(o: MetricOptions<HistogramConfiguration<L>>): Histogram<L>
}

type MetricOptions<C> = Omit<C, 'registers'>

export type { Counter, Gauge, Histogram } from 'prom-client'

/** A registry of its own (the library's global one would mix tests), with the process's vitals in it. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    registry,
    counter: <L extends string>(o: MetricOptions<CounterConfiguration<L>>) =>
      new Counter<L>({ ...o, registers }),
    gauge: <L extends string>(o: MetricOptions<GaugeConfiguration<L>>) =>
      new Gauge<L>({ ...o, registers }),
    histogram: <L extends string>(o: MetricOptions<HistogramConfiguration<L>>) =>
      new Histogram<L>({ ...o, registers }),
  }
}
