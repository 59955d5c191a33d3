import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { declaredMetrics, metricsIn, namingFaults } from './metric-names.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(new URL('../../docs/runbooks/metrics.md', import.meta.url), 'utf8')
const declared = await declaredMetrics(root)

test('finds what the source declares', () => {
  const text = `const a = metrics.counter({
    name: 'callwire_a_total',
    help: "One's help",
    labelNames: ['why', 'callId'] as const,
  })
  metrics.gauge({ name: 'callwire_b_ms', help: '' })`
  const found = metricsIn(text, 'a.ts')
  expect(found).toEqual([
    {
      kind: 'counter',
      name: 'callwire_a_total',
      help: "One's help",
      labels: ['why', 'callId'],
      file: 'a.ts',
    },
    { kind: 'gauge', name: 'callwire_b_ms', help: '', labels: [], file: 'a.ts' },
  ])
  expect(found.map(namingFaults)).toEqual([
    ['the label callId has no bound'],
    ['units are seconds and bytes', 'it has no help text'],
  ])
})

test('metrics are named as Prometheus asks, with help and with labels of few values', () => {
  expect(declared.length).toBeGreaterThan(30)
  expect(
    declared.flatMap((one) =>
      namingFaults(one).map((fault) => `${one.file}: ${one.name}: ${fault}`),
    ),
  ).toEqual([])
})

test('every metric is in the runbook, and the runbook names no other', () => {
  const names = new Set(declared.map(({ name }) => name))
  const told = new Set(
    Array.from(page.matchAll(/`(callwire_[a-z0-9_]+)/g), ([, name]) => name ?? ''),
  )
  expect([...names].filter((name) => !told.has(name))).toEqual([])
  const derived = /_(bucket|sum|count)$/
  expect([...told].filter((name) => !names.has(name.replace(derived, '')))).toEqual([])
})
