import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createProgram } from './program.ts'
import { EXIT_FAILED, EXIT_USAGE, runCli } from './run-cli.ts'

const dataDirs: string[] = []
afterAll(() => {
  for (const dir of dataDirs) rmSync(dir, { recursive: true, force: true })
})

function newDataDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'callwire-cli-'))
  dataDirs.push(dir)
  return dir
}

function sink() {
  let text = ''
  return { write: (more: string) => (text += more), read: () => text }
}

async function cli(args: string[], env: Record<string, string> = {}, cwd = '/nowhere') {
  const stdout = sink()
  const stderr = sink()
  const { signal } = new AbortController()
  const code = await runCli(createProgram({ env, cwd, stdout, stderr, signal }), args, stderr)
  return { code, out: stdout.read(), err: stderr.read() }
}

describe('what a person gets wrong is one sentence and an exit code', () => {
  test.each([
    [['calls', 'place'], {}, EXIT_USAGE, '--phone'],
    [['nothing'], {}, EXIT_USAGE, 'unknown command'],
    [['calls', 'tail', 'cal_x', '--after', 'x'], {}, EXIT_USAGE, 'must be a whole number'],
    [
      ['calls', 'place', '--phone', 'p', '--to', '1', '--priority', '9.5'],
      {},
      EXIT_USAGE,
      'must be a whole number',
    ],
    [['agents', 'create', '--name', 'A', '--kind', 'robot'], {}, EXIT_USAGE, 'human, flow, stream'],
    [
      ['agents', 'create', '--name', 'A', '--kind', 'human'],
      { CALLWIRE_URL: 'http://x', CALLWIRE_API_KEY: 'k' },
      EXIT_FAILED,
      '--number',
    ],
    [['calls', 'list'], {}, EXIT_FAILED, 'npm start'],
    [['calls', 'list'], { CALLWIRE_URL: 'http://x' }, EXIT_FAILED, 'CALLWIRE_API_KEY'],
    [
      ['calls', 'list'],
      { CALLWIRE_URL: 'not a url', CALLWIRE_API_KEY: 'k' },
      EXIT_FAILED,
      'CALLWIRE_URL is not a URL',
    ],
    [['tenant', 'create', '--name', 'A', '--email', 'a@b.in'], {}, EXIT_FAILED, 'DATABASE_URL'],
    [['keys', 'derive'], {}, EXIT_FAILED, 'openssl rand'],
    [['keys', 'derive'], { ENCRYPTION_KEY: 'c2hvcnQ=' }, EXIT_FAILED, 'ENCRYPTION_KEYS'],
    [['simulator', 'fault', 'cut', 'times'], {}, EXIT_FAILED, 'No simulator'],
    [
      ['phones', 'import', '--number', '08047112233', '--sid', 'acme1'],
      { CALLWIRE_URL: 'http://x', CALLWIRE_API_KEY: 'k' },
      EXIT_FAILED,
      'missing: --subdomain, EXOTEL_API_KEY, EXOTEL_API_TOKEN',
    ],
  ])('%j', async (args, env: Record<string, string>, code, sentence) => {
    const result = await cli(args, env)
    expect(result.err).toContain(sentence)
    expect(result.code).toBe(code)
    expect(result.out).toBe('')
  })

  test('a malformed key is never shown', async () => {
    const { err } = await cli(['keys', 'derive'], { ENCRYPTION_KEYS: 'k1:c2VjcmV0LXRoaW5n' })
    expect(err).not.toContain('c2VjcmV0')
  })
})

test('keys derive prints a line for each variable, or one object', async () => {
  const env = { ENCRYPTION_KEYS: `k2:${Buffer.alloc(32, 7).toString('base64')}` }
  const lines = (await cli(['keys', 'derive'], env)).out.trim().split('\n')
  expect(lines.every((line) => /^[A-Z_]+_KEYS=k2:[A-Za-z0-9+/=]+$/.test(line))).toBe(true)
  const json = JSON.parse((await cli(['keys', 'derive', '--json'], env)).out) as Record<
    string,
    string
  >
  expect(Object.keys(json)).toContain('CREDENTIAL_OPEN_KEYS')
  expect(json['CREDENTIAL_OPEN_KEYS']).not.toBe(json['CREDENTIAL_SEAL_KEYS'])
})

describe('against a gateway', () => {
  let url: string
  const asked: {
    method: string
    path: string
    headers: NodeJS.Dict<string | string[]>
    body: string
  }[] = []
  let answer: { status: number; body: unknown; headers?: Record<string, string> }
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      asked.push({
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body,
      })
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
      response.end(JSON.stringify(answer.body))
    })
  })
  beforeEach(async () => {
    asked.length = 0
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const call = {
    id: 'cal_0123456789abcdefghjkmnpq',
    phoneId: 'phn_0123456789abcdefghjkmnpq',
    agentId: null,
    direction: 'outbound',
    to: '+9198********',
    from: '+918047112233',
    status: 'queued',
    createdAt: '2026-01-05T10:00:00.000Z',
    seq: 1,
  }

  test('calls place sends a key of its own, and says how to go on', async () => {
    answer = { status: 202, body: { success: true, data: { call } } }
    const result = await cli(['calls', 'place', '--phone', call.phoneId, '--to', '09876543210'], {
      CALLWIRE_URL: url,
      CALLWIRE_API_KEY: 'cw_key',
    })
    expect(result).toMatchObject({ code: 0, err: '' })
    expect(result.out).toContain(`calls tail ${call.id}`)
    expect(asked[0]?.path).toBe('/api/v1/calls')
    expect(asked[0]?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/)
    expect(asked[0]?.headers['authorization']).toBe('Bearer cw_key')
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({ phoneId: call.phoneId, to: '09876543210' })
  })

  test('a refusal is its sentence, its code and the request id; as JSON with --json', async () => {
    answer = {
      status: 400,
      body: {
        success: false,
        error: {
          code: 'no_agent_assigned',
          message: 'No agent assigned to this phone number',
          requestId: 'req_1',
        },
      },
    }
    const env = { CALLWIRE_URL: url, CALLWIRE_API_KEY: 'cw_key' }
    const args = ['calls', 'place', '--phone', call.phoneId, '--to', '09876543210']
    expect(await cli(args, env)).toEqual({
      code: EXIT_FAILED,
      out: '',
      err: 'callwire: No agent assigned to this phone number (no_agent_assigned, request req_1)\n',
    })
    const json = JSON.parse((await cli([...args, '--json'], env)).err) as {
      error: { code: string }
    }
    expect(json.error.code).toBe('no_agent_assigned')
  })

  test('an answer that is lost is asked for again, with the same key', async () => {
    answer = {
      status: 503,
      headers: { 'retry-after': '0' },
      body: { success: false, error: { code: 'unavailable', message: 'Away', requestId: 'r' } },
    }
    const result = await cli(['calls', 'place', '--phone', call.phoneId, '--to', '09876543210'], {
      CALLWIRE_URL: url,
      CALLWIRE_API_KEY: 'cw_key',
    })
    expect(result.code).toBe(EXIT_FAILED)
    expect(asked).toHaveLength(3)
    expect(new Set(asked.map((one) => one.headers['idempotency-key'])).size).toBe(1)
  })

  test('the demo’s own key is found beside its run file', async () => {
    answer = { status: 200, body: { success: true, data: { calls: [], nextCursor: null } } }
    const dataDir = newDataDir()
    const run = {
      gatewayUrl: url,
      ingestUrl: 'ws://x',
      copilotUrl: 'ws://x',
      databaseUrl: 'x',
      redisUrl: 'x',
      pids: {},
    }
    writeFileSync(join(dataDir, 'run.json'), JSON.stringify(run))
    writeFileSync(join(dataDir, 'demo-tenant.json'), JSON.stringify({ apiKey: 'cw_demo' }))
    expect((await cli(['calls', 'list'], { CALLWIRE_DATA_DIR: dataDir })).code).toBe(0)
    expect(asked[0]?.headers['authorization']).toBe('Bearer cw_demo')
  })

  test('the running system is found by its run file', async () => {
    answer = { status: 200, body: { success: true, data: { calls: [call], nextCursor: null } } }
    const dataDir = newDataDir()
    const run = {
      gatewayUrl: url,
      ingestUrl: 'ws://x',
      copilotUrl: 'ws://x',
      databaseUrl: 'x',
      redisUrl: 'x',
      pids: {},
    }
    writeFileSync(join(dataDir, 'run.json'), JSON.stringify(run))
    const result = await cli(['calls', 'list'], {
      CALLWIRE_DATA_DIR: dataDir,
      CALLWIRE_API_KEY: 'cw_key',
    })
    expect(result.out).toContain(call.id)
    expect(result.code).toBe(0)
  })
})
