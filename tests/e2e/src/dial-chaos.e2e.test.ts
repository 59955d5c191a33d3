import { expect, test } from 'vitest'
import { runChaos } from './run-chaos.ts'

/** Far above what a run takes on a busy machine. */
const runBoundMs = 540_000

const short = [
  '--json',
  '--tail',
  '10',
  '--accounts',
  '6',
  '--dialers',
  '3',
  '--timeout-ms',
  '2000',
]

test(
  'no call is dialed twice and none is lost while everything dies',
  async () => {
    const { code, run } = await runChaos('dial', ...short, '--calls', '150', '--seconds', '20')
    expect(run.problems).toEqual([])
    expect(run.figures.filter(({ pass }) => !pass)).toEqual([])
    expect(code).toBe(0)
  },
  runBoundMs,
)

test(
  'a dialer that sends a request twice is found out',
  async () => {
    const broken = ['--instead', 'tests/chaos/fixtures/resending-dialer.ts']
    const { code, run } = await runChaos(
      'dial',
      ...short,
      ...broken,
      '--calls',
      '60',
      '--seconds',
      '6',
    )
    const twice = run.figures.find(({ name }) => name === 'placed per call, at most')
    expect(twice).toMatchObject({ pass: false })
    expect(twice?.value).toBeGreaterThan(1)
    expect([code, run.pass]).toEqual([1, false])
  },
  runBoundMs,
)
