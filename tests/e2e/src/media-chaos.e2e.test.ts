import { expect, test } from 'vitest'
import { runChaos } from './run-chaos.ts'

/** Far above what a run takes on a busy machine. */
const runBoundMs = 400_000

/** How late a machine that runs other tests is, is not ours to promise. */
const isOfTheMachine = (name: string) => name.includes('lateness')

const soak = ['--json', '--rounds', '0', '--streams', '6']

test(
  'a short soak and a small siege lose no word and leave nothing behind',
  async () => {
    const parts = ['--seconds', '6', '--hostile', '96', '--hostile-seconds', '5', '--good', '4']
    const { run } = await runChaos('media', ...soak, ...parts)
    expect(run.problems).toEqual([])
    const broken = run.figures.filter(({ name, pass }) => !pass && !isOfTheMachine(name))
    expect(broken).toEqual([])
    const lateness = run.figures.filter(({ name }) => isOfTheMachine(name))
    expect(lateness.every(({ value }) => value > 0)).toBe(true)
  },
  runBoundMs,
)

test(
  'a transcriber that loses audio is found out',
  async () => {
    const broken = [
      '--instead',
      'tests/chaos/fixtures/deaf-transcriber.ts',
      '--seconds',
      '2',
      '--hostile',
      '0',
    ]
    const { code, run } = await runChaos('media', ...soak, ...broken)
    const lost = run.figures.find(({ name }) => name === 'soak: words lost')
    expect(lost).toMatchObject({ pass: false })
    expect(run.problems.join('\n')).toMatch(/is missing, though nothing was lost there/)
    expect([code, run.pass]).toEqual([1, false])
  },
  runBoundMs,
)
