import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { trackedFiles } from './tracked-files.ts'

/** A metric as the source declares it. */
export type DeclaredMetric = {
  kind: 'counter' | 'gauge' | 'histogram'
  name: string
  help: string
  labels: readonly string[]
  file: string
}

const declaration =
  /metrics\s*\.(counter|gauge|histogram)\(\{\s*name: '([^']+)',\s*help:\s*(['"`])(.*?)\3,?(.*?)\}\)/gs

/** Every metric that a service or package declares. */
export async function declaredMetrics(root: string): Promise<DeclaredMetric[]> {
  const files = await trackedFiles(root)
  return files
    .filter(
      (file) =>
        /^(packages|services)\/.*(?<!\.test)\.ts$/.test(file) && existsSync(join(root, file)),
    )
    .flatMap((file) => metricsIn(readFileSync(join(root, file), 'utf8'), file))
}

/** The metrics that one file's text declares. */
export function metricsIn(text: string, file: string): DeclaredMetric[] {
  return Array.from(text.matchAll(declaration), ([, kind, name, , help, rest]) => ({
    kind: kind as DeclaredMetric['kind'],
    name: name ?? '',
    help: help ?? '',
    labels: Array.from(
      /labelNames: \[([^\]]*)\]/.exec(rest ?? '')?.[1]?.matchAll(/'([^']+)'/g) ?? [],
      (m) => m[1] ?? '',
    ),
    file,
  }))
}

/** Labels of which there may be any number: a series for each would fill the scraper's memory. */
const unbounded =
  /(^id|_id|Id|[cC]all|[tT]enant|[pP]hone|[nN]umber|[uU]ser|[sS]id|[uU]rl|[pP]ath|[iI]p|[aA]ddress)$/
const units = /_(ms|millis|milliseconds|us|minutes|hours|kb|mb)(_total)?$/

/** What is wrong with a metric by Prometheus' own naming rules and ours; empty when nothing is. */
export function namingFaults({ kind, name, help, labels }: DeclaredMetric): string[] {
  return [
    ...(/^callwire_[a-z][a-z0-9_]*$/.test(name) ? [] : ['its name is not callwire_ in lower case']),
    ...(kind === 'counter' && !name.endsWith('_total') ? ['a counter ends in _total'] : []),
    ...(kind !== 'counter' && name.endsWith('_total') ? ['only counters end in _total'] : []),
    ...(kind === 'histogram' && !/_(seconds|bytes)$/.test(name)
      ? ['a histogram names its unit']
      : []),
    ...(units.test(name) ? ['units are seconds and bytes'] : []),
    ...(help === '' ? ['it has no help text'] : []),
    ...labels
      .filter((label) => unbounded.test(label))
      .map((label) => `the label ${label} has no bound`),
  ]
}
