import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const value = 'hunter2-5be09a'
const module = new URL('secret.ts', import.meta.url).href
const folder = fileURLToPath(new URL('.', import.meta.url))

/** What a process of its own says, on both its streams, until it ends. */
function saidBy(program: string, ...flags: string[]): string {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, '--input-type=module', '--eval', program],
    // Nothing of this runner's own options: a test within a test would report to it.
    { cwd: folder, encoding: 'utf8', env: {}, timeout: 20_000 },
  )
  return stdout + stderr
}

// The value is put together at run time, so that a quoted line of the program does not hold it.
const begin = `import { Secret } from '${module}'
const secret = new Secret(['hunter2', '5be09a'].join('-'));
`

describe('what Node itself prints when a process goes wrong has no secret in it', () => {
  test.each([
    ['thrown as it is', 'throw secret'],
    ['thrown in a list', 'throw [secret]'],
    ['in the message of an uncaught error', 'throw new Error(`no ${secret}`)'],
    ['as a field of an uncaught error', 'throw Object.assign(new Error("x"), { secret })'],
    ['as the cause of an uncaught error', 'throw new Error("x", { cause: { secret } })'],
    ['among the errors of an uncaught error', 'throw new AggregateError([secret], String(secret))'],
    ['a rejection nobody handles', 'await Promise.reject(secret)'],
    ['a rejection of an error', 'Promise.reject(Object.assign(new Error("x"), { secret }))'],
    ['a failed assertion', 'import("node:assert").then((a) => a.deepEqual(secret, { b: 1 }))'],
    ['a warning', 'process.emitWarning(`about ${secret}`)'],
    ['a warning with details', 'process.emitWarning("x", { detail: String(secret) })'],
    ['a warning of an error', 'process.emitWarning(Object.assign(new Error(secret), { secret }))'],
    ['a deprecation', '(await import("node:util")).deprecate(() => 0, `${secret}`, "X1")()'],
    ['a trace', 'console.trace(secret)'],
    ['an assertion of the console', 'console.assert(false, secret)'],
    ['a label of a timer', 'console.time(secret); console.timeEnd(secret)'],
    ['a count', 'console.count(secret)'],
    ['a group', 'console.group(secret)'],
  ])('%s', (_what, statement) => {
    const said = saidBy(begin + statement)
    expect(said).toContain('[secret]')
    expect(said).not.toContain(value)
  })

  test.each(['spec', 'tap', 'dot', 'junit'])('a difference told by the %s reporter', (reporter) => {
    const said = saidBy(
      `${begin}import test from 'node:test'; import assert from 'node:assert'
test('x', () => assert.deepStrictEqual({ secret, a: 1 }, { secret, a: 2 }))
test('y', () => assert.equal(secret, 'other'))
test('z', (t) => t.diagnostic(String(secret)))`,
      `--test-reporter=${reporter}`,
    )
    expect(said).toContain('[secret]')
    expect(said).not.toContain(value)
  })

  test('an inspector that is attached while something is logged', () => {
    const said = saidBy(`${begin}import { Session } from 'node:inspector'
const session = new Session()
session.connect()
session.on('Runtime.consoleAPICalled', ({ params }) => process.stdout.write(JSON.stringify(params)))
session.post('Runtime.enable')
console.log(secret, { secret }, [secret], new Map([[1, secret]]), 'control-4711')`)
    expect(said).toContain('"value":"control-4711"')
    expect(said).not.toContain(value)
  })

  test('the search finds what is there', () => {
    expect(saidBy(`${begin}throw new Error(secret.reveal())`)).toContain(value)
  })
})
