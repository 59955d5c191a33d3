import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startAnsweringGateway } from '../testing/answering-gateway.ts'
import { cliRun } from '../testing/cli-run.ts'

const audio = Buffer.alloc(200_000, 7)
let folder: string
let server: Server
let asked: string[]
let answer: (response: ServerResponse) => void
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cli-recording-'))
  asked = []
  server = createServer((request, response) => {
    asked.push(
      `${request.method ?? ''} ${request.url ?? ''} ${request.headers.authorization ?? ''}`,
    )
    answer(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  rmSync(folder, { recursive: true, force: true })
})

const save = (out = join(folder, 'call.wav')) =>
  cliRun(['calls', 'recording', 'cal_1', '--purpose', 'a complaint', '--out', out, '--json'], {
    CALLWIRE_URL: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    CALLWIRE_API_KEY: 'cw_key',
  })

it('saves what came, for its owner’s eyes, and says why it was wanted', async () => {
  answer = (response) =>
    response.writeHead(200, { 'content-length': String(audio.length) }).end(audio)
  const { code, out } = await save()
  const file = join(folder, 'call.wav')
  expect([code, JSON.parse(out)]).toEqual([0, { callId: 'cal_1', file, bytes: audio.length }])
  expect(readFileSync(file).equals(audio)).toBe(true)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder)).toEqual(['call.wav'])
  expect(asked).toEqual(['GET /api/v1/calls/cal_1/recording?purpose=a+complaint Bearer cw_key'])
})

it('leaves nothing of what was cut', async () => {
  answer = (response) => {
    response.writeHead(200, { 'content-length': String(audio.length) })
    response.write(audio.subarray(0, 1_000), () => response.destroy())
  }
  const { code, err } = await save()
  expect(code).not.toBe(0)
  expect(err).toContain('cut short')
  expect(readdirSync(folder)).toEqual([])
})

it('says what the gateway says, and where nothing can be written', async () => {
  const error = { code: 'recording_erased', message: 'It has been erased.', requestId: 'r' }
  answer = (response) => response.writeHead(410).end(JSON.stringify({ success: false, error }))
  expect((await save()).err).toContain('It has been erased.')
  answer = (response) =>
    response.writeHead(200, { 'content-length': String(audio.length) }).end(audio)
  expect((await save(join(folder, 'no', 'call.wav'))).err).toContain('cannot be written')
  expect(readdirSync(folder)).toEqual([])
})

it.each(['on', 'off'])('turns the keeping of a phone’s audio %s', async (how) => {
  await using gateway = await startAnsweringGateway()
  const keepRecording = how === 'on'
  const asks = `PATCH phones/phn_1 ${JSON.stringify({ keepRecording })}`
  gateway.answers['PATCH phones/phn_1'] = { phone: { number: '+918047112233', keepRecording } }
  const { code, out } = await gateway.run('phones', 'set', 'phn_1', '--keep-recording', how)
  expect([code, gateway.asked]).toEqual([0, [asks]])
  expect(out).toContain(how === 'on' ? 'keeps the audio' : 'does not keep the audio')
  expect((await gateway.run('phones', 'set', 'phn_1', '--keep-recording', 'yes')).code).not.toBe(0)
})
