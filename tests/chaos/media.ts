import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Chaos, Report, RunOptions } from './lib/figure.ts'
import { root } from './dial/process.ts'
import { breakThings } from './media/faults.ts'
import { besiege } from './media/hostile.ts'
import { report } from './media/report.ts'
import { soak } from './media/soak.ts'
import { startWorld } from './media/start-world.ts'

/** No word of a call is lost in silence, whatever dies, and whoever else connects. */
export const media: Chaos = {
  about:
    'speaks in calls for long, beside hostile sockets, and while what carries the words is killed; 0 leaves a part out',
  settings: {
    ...{ streams: 50, seconds: 600, hostile: 1_000, good: 20, 'hostile-seconds': 30, rounds: 2 },
  },
  run: runMedia,
}

async function runMedia(o: RunOptions): Promise<Report> {
  const { settings, signal, onProgress } = o
  const set = (name: string): number => settings[name] ?? 0
  onProgress('starting the whole system')
  const preload = o.instead === null ? null : resolve(root, o.instead)
  await using stack = new AsyncDisposableStack()
  const world = stack.use(await startWorld({ preload }))
  if (o.keep) {
    const kept = join(await mkdtemp(join(tmpdir(), 'callwire-chaos-kept-')), 'system.log')
    stack.defer(() => writeFile(kept, world.system.output()))
    onProgress(`at the end, logs are in ${kept}`)
  }
  const common = { signal, onProgress }
  const seconds = set('seconds')
  const soaked =
    seconds === 0 ? null : await soak(world, { ...common, streams: set('streams'), seconds })
  const besieged =
    set('hostile') === 0
      ? null
      : await besiege(world, {
          ...{ ...common, hostile: set('hostile'), good: set('good') },
          seconds: set('hostile-seconds'),
        })
  const rounds = set('rounds')
  const faulted = rounds === 0 ? null : await breakThings(world, { ...common, rounds })
  return report({ soaked, besieged, faulted, seconds })
}
