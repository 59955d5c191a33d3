import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'

const runtime = new URL('./index.ts', import.meta.url).href

type Probe = { child: ChildProcess; output: () => string; exit: Promise<number | null> }

/** A process of its own that runs `start`, the body of an async function with `ctx`. */
function probe(
  start: string,
  o: { supervised?: boolean; graceMs?: number; drains?: boolean } = {},
): Probe {
  const source = `
    import { run, AppError, ConfigError } from '${runtime}'
    await run('probe', async (ctx) => { ${start} }, ${JSON.stringify({ graceMs: o.graceMs ?? 5000, drains: o.drains ?? false })})`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    env: {
      PATH: '',
      LOG_LEVEL: 'info',
      ...(o.supervised === true ? { CALLWIRE_SUPERVISED: '1', CALLWIRE_SUPERVISOR_FD: '3' } : {}),
    },
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exit = once(child, 'close').then(([code]) => code as number | null)
  return { child, output: () => output, exit }
}

async function seen(process: Probe, text: string): Promise<void> {
  while (!process.output().includes(text)) {
    const ended = await Promise.race([process.exit.then(() => true), tick()])
    if (ended && !process.output().includes(text)) throw new Error(process.output())
  }
}

const tick = () => new Promise<false>((resolve) => setTimeout(() => resolve(false), 10))

const disposable = `
  setInterval(() => {}, 1000)
  ctx.signal.addEventListener('abort', () => console.log('aborted'))
  return { [Symbol.asyncDispose]: async () => { console.log('disposed') } }`

test.each(['SIGTERM', 'SIGINT'] as const)('%s aborts, disposes and exits 0', async (signal) => {
  const process = probe(disposable)
  await seen(process, '"msg":"started"')
  process.child.kill(signal)
  expect(await process.exit).toBe(0)
  expect(process.output()).toMatch(/aborted[^]*disposed/)
})

test('a second signal does not cut the disposal short', async () => {
  const process = probe(`
    return { [Symbol.asyncDispose]: async () => {
      console.log('disposing')
      await new Promise((resolve) => process.once('SIGTERM', resolve))
      console.log('disposed')
    } }`)
  await seen(process, '"msg":"started"')
  process.child.kill('SIGINT')
  await seen(process, 'disposing')
  process.child.kill('SIGTERM')
  expect(await process.exit).toBe(0)
  expect(process.output()).toContain('disposed')
})

test('a failed start says one plain sentence and exits 1', async () => {
  const ours = probe(`throw new AppError({ code: 'evicting', message: 'Redis would evict keys.' })`)
  expect(await ours.exit).toBe(1)
  expect(ours.output()).toContain('probe: Redis would evict keys.')
  expect(ours.output()).toContain('"code":"evicting"')

  const foreign = probe(`throw new Error('postgres://user:pass@host failed')`)
  expect(await foreign.exit).toBe(1)
  expect(foreign.output()).toMatch(/probe: Could not start: Error \(internal\)/)
  expect(foreign.output()).not.toContain('pass')
})

test('a taken port is named', async () => {
  const process = probe(`
    const { createServer } = await import('node:net')
    const first = createServer()
    await new Promise((resolve) => first.listen(0, '127.0.0.1', resolve))
    const second = createServer()
    await new Promise((resolve, reject) => {
      second.once('error', reject)
      second.listen(first.address().port, '127.0.0.1', resolve)
    })`)
  expect(await process.exit).toBe(1)
  expect(process.output()).toMatch(/probe: Port \d+ is already in use\./)
})

test.each([
  ['exception', `setTimeout(() => { throw new Error('secret words') }, 20)`],
  ['rejection', `setTimeout(() => { Promise.reject(new Error('secret words')) }, 20)`],
])('an uncaught %s disposes, exits 1 and prints no text of it', async (_what, fault) => {
  const process = probe(`${fault};${disposable}`)
  expect(await process.exit).toBe(1)
  expect(process.output()).toContain('disposed')
  expect(process.output()).toContain('uncaught fault')
  expect(process.output()).not.toContain('secret words')
})

test('a disposal that hangs is ended by the last-resort timer', async () => {
  const process = probe(
    `setInterval(() => {}, 1000)
    return { [Symbol.asyncDispose]: () => new Promise(() => {}) }`,
    { graceMs: 50 },
  )
  await seen(process, '"msg":"started"')
  process.child.kill('SIGTERM')
  expect(await process.exit).toBe(1)
  expect(process.output()).toContain('stop took too long')
})

test('when supervised, the end of standard input is the end', async () => {
  const process = probe(disposable, { supervised: true })
  await seen(process, '"msg":"started"')
  process.child.stdin?.end()
  expect(await process.exit).toBe(0)
  expect(process.output()).toContain('disposed')
})

test('a start that a variable prevents has an exit code of its own', async () => {
  const process = probe(`throw new ConfigError([{ name: 'A', sentence: 'A is not set.' }])`)
  expect(await process.exit).toBe(78)
  expect(process.output()).toContain('probe: A is not set.')
})

/** All that a process says to its supervisor until its end. */
async function told(process: Probe): Promise<string> {
  let words = ''
  process.child.stdio[3]?.on('data', (chunk: Buffer) => (words += chunk.toString()))
  await process.exit
  return words
}

test('one that drains tells its supervisor when a signal ends it alone', async () => {
  const process = probe(disposable, { supervised: true, drains: true })
  await seen(process, '"msg":"started"')
  process.child.kill('SIGTERM')
  process.child.kill('SIGTERM')
  expect(await told(process)).toBe('draining\n')
  expect(await process.exit).toBe(0)
})

test('one whose supervisor ends it, or that keeps nothing, says nothing', async () => {
  const ended = probe(disposable, { supervised: true, drains: true })
  await seen(ended, '"msg":"started"')
  ended.child.stdin?.end()
  expect(await told(ended)).toBe('')
  const plain = probe(disposable, { supervised: true })
  await seen(plain, '"msg":"started"')
  plain.child.kill('SIGTERM')
  expect(await told(plain)).toBe('')
})

test('nobody at the other end is no obstacle to an end', async () => {
  const process = probe(disposable, { supervised: true, drains: true })
  await seen(process, '"msg":"started"')
  process.child.stdio[3]?.destroy()
  process.child.kill('SIGTERM')
  expect(await process.exit).toBe(0)
})
