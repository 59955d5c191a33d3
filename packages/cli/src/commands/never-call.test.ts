import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { scratchDir } from '@callwire/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startAnsweringGateway, type AnsweringGateway } from '../testing/answering-gateway.ts'

let gateway: AnsweringGateway
let folder: string
beforeAll(async () => {
  gateway = await startAnsweringGateway()
  folder = await scratchDir('never-call')
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(() => {
  gateway.answers = {}
  gateway.refusals = {}
  gateway.asked.length = 0
})

const since = '2026-01-05T10:00:00.000Z'

describe('never-call', () => {
  const id = 'nvc_0123456789abcdefghjkmnpq'
  const neverCall = {
    id,
    number: '+919876543210',
    reason: 'Asked',
    expiresAt: null,
    createdAt: since,
  }

  test('add says whom, how long, and by which id', async () => {
    gateway.answers = { 'POST never-call': { neverCall } }
    const { out } = await gateway.run('never-call', 'add', '09876543210', '--reason', 'Asked')
    expect(out).toBe(`+919876543210 is not called for good (${id})\n`)
    await gateway.run(
      'never-call',
      'add',
      '1',
      '--reason',
      'x',
      '--until',
      since,
      '--country',
      'US',
    )
    expect(gateway.asked).toEqual([
      'POST never-call {"number":"09876543210","country":"IN","reason":"Asked"}',
      `POST never-call {"number":"1","country":"US","reason":"x","expiresAt":"${since}"}`,
    ])
  })

  test('import sends a file in parts, and counts what became of it', async () => {
    const file = join(folder, 'register.csv')
    const numbers = Array.from({ length: 501 }, (_, n) => `98777${String(n).padStart(5, '0')}`)
    await writeFile(file, `number,since\n${numbers.map((one) => `${one},2026`).join('\n')}\n`)
    gateway.answers = { 'POST never-call/import': { import: { added: 3, replaced: 1 } } }
    const args = ['never-call', 'import', file, '--reason', 'Register']
    expect((await gateway.run(...args)).out).toBe('6 numbers added, 2 replaced\n')
    const sent = gateway.asked.map(
      (one) => JSON.parse(one.slice(one.indexOf('{'))) as { numbers: string[]; country: string },
    )
    expect(sent.flatMap((body) => body.numbers)).toEqual(numbers)
    expect(sent.map((body) => [body.numbers.length, body.country])).toEqual([
      [500, 'IN'],
      [1, 'IN'],
    ])
  })

  test('import names the line that is no number, and a file that is none', async () => {
    const file = join(folder, 'register.txt')
    await writeFile(file, '# numbers\n9876543210\nnobody\n')
    const issues = [{ path: 'body.numbers.1', rule: 'custom', message: 'is not a phone number' }]
    gateway.refusals = {
      'POST never-call/import': { code: 'validation_failed', details: { issues } },
    }
    const refused = await gateway.run('never-call', 'import', file, '--reason', 'Register')
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('Line 3 is no phone')])
    const missing = await gateway.run('never-call', 'import', `${file}x`, '--reason', 'Register')
    expect([missing.code, missing.err]).toEqual([1, expect.stringContaining('cannot be read')])
  })

  test('list says when there is more than it shows', async () => {
    gateway.answers = {
      'GET never-call?limit=100': { neverCall: [neverCall], nextCursor: 'more' },
    }
    const { out } = await gateway.run('never-call', 'list')
    expect(out).toContain(`${id}  +919876543210  for good  Asked`)
    expect(out).toContain('There are more')
  })

  test('remove takes an id, or a number that it looks for', async () => {
    const found = 'GET never-call?number=09876543210&country=IN'
    gateway.answers = {
      [`DELETE never-call/${id}`]: null,
      [found]: { neverCall: [neverCall], nextCursor: null },
    }
    expect((await gateway.run('never-call', 'remove', id)).out).toBe(`removed ${id}\n`)
    expect((await gateway.run('never-call', 'remove', '09876543210')).out).toBe(`removed ${id}\n`)
    expect(gateway.asked).toEqual([`DELETE never-call/${id}`, found, `DELETE never-call/${id}`])
    gateway.answers = { [found]: { neverCall: [], nextCursor: null } }
    const unknown = await gateway.run('never-call', 'remove', '09876543210')
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('not on the list')])
  })
})
