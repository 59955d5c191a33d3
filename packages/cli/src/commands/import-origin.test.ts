import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createProgram } from '../program.ts'
import { EXIT_FAILED, EXIT_USAGE, runCli } from '../run-cli.ts'
import { encryptAsOldSystem } from '../testing/old-system.ts'
import { startStubGateway, type StubGateway } from '../testing/stub-gateway.ts'

const JWT_SECRET = 'the-jwt-secret-of-the-old-system'
const key = 'oldKey-71c2'
const token = 'oldToken-0be44d'
const enc = (text: string) => encryptAsOldSystem(JWT_SECRET, text)
const exotelData = (more = {}) => ({
  ...{ apiKey: enc(key), apiToken: enc(token), sid: 'troika1', subdomain: 'api.exotel.com' },
  ...more,
})

const folder = mkdtempSync(join(tmpdir(), 'callwire-origin-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
function exported(...lines: unknown[]): string {
  const file = join(folder, `phones-${String((files += 1))}.json`)
  writeFileSync(file, '')
  for (const line of lines)
    appendFileSync(file, `${typeof line === 'string' ? line : JSON.stringify(line)}\n`)
  return file
}

let gateway: StubGateway
beforeAll(async () => {
  gateway = await startStubGateway()
})
afterAll(() => gateway[Symbol.asyncDispose]())
beforeEach(() => {
  gateway.reset()
  said = ''
})

let said = ''
async function run(args: string[], env: Record<string, string> = {}, isTTY = false) {
  let out = ''
  let err = ''
  const stdout = { write: (text: string) => (out += text), isTTY, columns: 80 }
  const stderr = { write: (text: string) => (err += text) }
  const program = createProgram({
    env: { CALLWIRE_URL: gateway.url, CALLWIRE_API_KEY: 'cw_key', JWT_SECRET, ...env },
    cwd: '/nowhere',
    stdout,
    stderr,
    signal: new AbortController().signal,
  })
  const code = await runCli(program, ['import-origin', ...args], stderr)
  said += out + err
  return { code, out, err }
}
type Told = { dryRun: boolean; lines: Record<string, unknown>[]; totals: Record<string, number> }
async function report(file: string, ...args: string[]) {
  const { code, out } = await run([file, '--json', ...args])
  return { code, ...(JSON.parse(out) as Told) }
}
afterEach(() => {
  // Whatever was printed, in whatever case: no secret and no number in it.
  for (const secret of [key, token, JWT_SECRET, '9876543']) expect(said).not.toContain(secret)
})

describe('an export', () => {
  const whole = {
    number: '+919876543210',
    country: 'IN',
    exotelData: exotelData(),
    tags: ['sales'],
  }

  test('goes through the gateway phone by phone, and each line is told', async () => {
    const file = exported(
      whole,
      { number: '09876543211', agentId: { $oid: '60d2' } },
      { number: '9876543212', exotelData: exotelData({ subdomain: '' }) },
      '',
      { number: '080', country: 'IN' },
      { number: '+919876543213', exotelData: exotelData({ apiToken: enc(token).toUpperCase() }) },
      { number: '+919876543214', provider: 'twilio' },
      'no phone at all',
      { number: '+919876543215', exotelData: exotelData(), status: 'inactive' },
      { number: '+919876543216', exotelData: exotelData({ sid: '../admin' }) },
    )
    const { code, lines, totals, dryRun } = await report(file)
    expect({ code, dryRun }).toEqual({ code: EXIT_FAILED, dryRun: false })
    expect(lines).toEqual([
      { line: 1, number: '+9198********', outcome: 'imported' },
      {
        line: 2,
        number: '+9198********',
        outcome: 'imported',
        hadAgent: true,
        code: 'without_credentials',
      },
      { line: 3, number: '+9198********', outcome: 'imported', code: 'incomplete_credentials' },
      { line: 5, number: '', outcome: 'failed', code: 'invalid_number' },
      { line: 6, number: '+9198********', outcome: 'failed', code: 'credentials_unreadable' },
      { line: 7, number: '', outcome: 'failed', code: 'other_provider' },
      { line: 8, number: '', outcome: 'failed', code: 'not_a_phone' },
      { line: 9, number: '+9198********', outcome: 'imported', code: 'was_not_active' },
      {
        line: 10,
        number: '+9198********',
        outcome: 'failed',
        code: 'validation_failed',
        fields: ['exotelConfig.sid'],
      },
    ])
    expect(totals).toEqual({
      ...{ lines: 9, imported: 4, completed: 0, existing: 0, ready: 0, skipped: 0, failed: 5 },
      ...{ withoutCredentials: 2, hadAgent: 1 },
    })
    expect(gateway.bodies[0]).toEqual({
      ...{ number: '+919876543210', country: 'IN', tags: ['sales'] },
      exotelConfig: { apiKey: key, apiToken: token, sid: 'troika1', subdomain: 'api.exotel.com' },
    })
    expect(gateway.bodies[1]).toEqual({ number: '+919876543211', country: 'IN', tags: [] })
    expect(gateway.bodies).toHaveLength(4)
  })

  test('run a second time changes nothing', async () => {
    const file = exported(whole, { number: '+919876543211' }, { number: '+919876543212' })
    expect((await report(file)).totals).toMatchObject({ imported: 3 })
    const sent = gateway.bodies.length
    const second = await report(file)
    expect(second).toMatchObject({ code: 0, totals: { imported: 0, existing: 3, failed: 0 } })
    expect(gateway.bodies).toHaveLength(sent)
  })

  test('completes a phone that came without credentials, and never touches what has some', async () => {
    gateway.phones.set('+919876543210', { number: '+919876543210', exotelData: null })
    gateway.phones.set('+919876543211', {
      number: '+919876543211',
      exotelData: { sid: 'newer', subdomain: 'api.exotel.com' },
    })
    const file = exported(whole, { ...whole, number: '+919876543211' })
    const { lines } = await report(file)
    expect(lines.map((line) => line['outcome'])).toEqual(['completed', 'existing'])
    expect(gateway.phones.get('+919876543211')?.exotelData?.sid).toBe('newer')
  })

  test('with a number twice imports it once', async () => {
    const file = exported(whole, { ...whole, number: '098765 43210' })
    expect((await report(file)).totals).toMatchObject({ imported: 1, existing: 1 })
    expect(gateway.bodies).toHaveLength(1)
  })

  test('is taken apart by the old system’s users', async () => {
    const file = exported(
      { ...whole, userId: 'u1' },
      { number: '+919876543211', userId: { $oid: 'u2' } },
    )
    const { lines } = await report(file, '--user', 'u2')
    expect(lines.map((line) => line['outcome'])).toEqual(['skipped', 'imported'])
    expect(gateway.bodies.map(({ number }) => number)).toEqual(['+919876543211'])
  })

  test('has its numbers read in the country that was named', async () => {
    const { totals } = await report(exported({ number: '(415) 555-2671' }), '--country', 'US')
    expect(totals).toMatchObject({ imported: 1 })
    expect(gateway.bodies[0]).toMatchObject({ number: '+14155552671', country: 'US' })
  })

  test('is only checked in a dry run', async () => {
    const file = exported(whole, { number: '+919876543211' }, { number: 'x' }, whole)
    const { code, out } = await run([file, '--dry-run', '--json'], {
      CALLWIRE_API_KEY: '',
      CALLWIRE_URL: '',
    })
    const told = JSON.parse(out) as Told
    expect(told.lines.map((line) => line['outcome'])).toEqual([
      'ready',
      'ready',
      'failed',
      'existing',
    ])
    expect({ code, dryRun: told.dryRun, asked: gateway.asked }).toEqual({
      ...{ code: EXIT_FAILED, dryRun: true, asked: 0 },
    })
  })

  test('with a line beyond every measure goes on with the next', async () => {
    const file = exported(`{"number":"${'9'.repeat(70_000)}"}`, whole)
    const { lines } = await report(file)
    expect(lines.map((line) => line['code'] ?? line['outcome'])).toEqual([
      'line_too_long',
      'imported',
    ])
  })

  test('as one array is told so', async () => {
    const { lines } = await report(exported(JSON.stringify([whole])))
    expect(lines[0]).toMatchObject({ outcome: 'failed', code: 'array_instead_of_lines' })
  })
})

describe('the gateway', () => {
  const phone = { number: '+919876543210', exotelData: exotelData() }

  test('that is busy is waited for', async () => {
    gateway.refusals = [
      { status: 429, code: 'rate_limited', retryAfter: '0' },
      { status: 503, code: 'unavailable', retryAfter: '0' },
    ]
    expect((await report(exported(phone))).totals).toMatchObject({ imported: 1, failed: 0 })
  })

  test('that refuses a phone says where, and the next one is tried', async () => {
    const details = {
      issues: [{ path: 'body.exotelConfig.subdomain', rule: 'custom', message: key }],
    }
    gateway.refusals = [{ status: 400, code: 'validation_failed', details }]
    const { code, lines } = await report(exported(phone, { ...phone, number: '+919876543211' }))
    expect(code).toBe(EXIT_FAILED)
    expect(lines).toMatchObject([
      { outcome: 'failed', code: 'validation_failed', fields: ['exotelConfig.subdomain'] },
      { outcome: 'imported' },
    ])
  })

  test('that refuses the key ends the run: every other phone would meet the same', async () => {
    gateway.refusals = [{ status: 403, code: 'forbidden' }]
    const { code, out, err } = await run([exported(phone, phone), '--json'])
    expect(code).toBe(EXIT_FAILED)
    expect((JSON.parse(out) as Told).lines).toEqual([])
    expect(err).toContain('forbidden')
  })
})

describe('for people', () => {
  test('a line each, the totals, and what is left to do', async () => {
    const file = exported({ number: '+919876543210', agentId: 'a' }, { number: 'x' })
    const { code, out, err } = await run([file])
    expect(code).toBe(EXIT_FAILED)
    expect(out).toMatchInlineSnapshot(`
      "line 1      +9198********    imported  (without_credentials had_agent)
      line 2                       failed  (invalid_number)

      lines 2: imported 1, completed 0, existing 0, skipped 0, failed 1
      1 without Exotel credentials: import those numbers with them.
      1 had an agent: make the agents here, and assign them.
      "
    `)
    expect(err).toBe('callwire: 1 of 2 lines failed.\n')
  })

  test('on a terminal, how far it is', async () => {
    const { out } = await run(
      [exported({ number: '+919876543210' }, { number: '+919876543211' })],
      {},
      true,
    )
    expect(out).toContain('50 %  line 1  0 failed')
    expect(out).toContain('100 %  line 2  0 failed')
  })

  test('a wrong secret is guessed from nothing opening', async () => {
    const file = exported({ number: '+919876543210', exotelData: exotelData() })
    const { err } = await run([file], { JWT_SECRET: 'another' })
    expect(err).toContain('is JWT_SECRET the old system’s?')
  })

  test.each<[string[], Record<string, string>, number, string]>([
    [[], {}, EXIT_USAGE, 'missing required argument'],
    [['/no/such/file'], {}, EXIT_FAILED, 'no such file'],
    [[folder], {}, EXIT_FAILED, 'no such file'],
    [['FILE'], { JWT_SECRET: '' }, EXIT_FAILED, 'Set JWT_SECRET'],
    [['FILE'], { JWT_SECRET_FILE: '/x' }, EXIT_FAILED, 'both set'],
    [['FILE'], { JWT_SECRET: '', JWT_SECRET_FILE: '/no/such' }, EXIT_FAILED, 'can’t be read'],
    [['FILE', '--country', 'XX'], {}, EXIT_FAILED, '--country'],
    [['FILE'], { CALLWIRE_API_KEY: '' }, EXIT_FAILED, 'CALLWIRE_API_KEY'],
  ])('%j %j: one sentence', async (args, env, code, sentence) => {
    const file = exported({ number: '+919876543210' })
    const result = await run(
      args.map((arg) => (arg === 'FILE' ? file : arg)),
      env,
    )
    expect(result.code).toBe(code)
    expect(result.err).toContain(sentence)
    expect(gateway.asked).toBe(0)
  })

  test('the secret may come from a file, its line break apart', async () => {
    const secretFile = join(folder, 'jwt')
    writeFileSync(secretFile, `${JWT_SECRET}\n`)
    const file = exported({ number: '+919876543210', exotelData: exotelData() })
    const { code } = await run([file], { JWT_SECRET: '', JWT_SECRET_FILE: secretFile })
    expect(code).toBe(0)
  })
})
