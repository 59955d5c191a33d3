import { describe, expect, it } from 'vitest'
import { requestHead, upstreamOf } from './request-head.ts'

const base = {
  method: 'GET',
  url: '/v1/ingest',
  httpVersion: '1.1',
  forwardedFor: '203.0.113.9',
  edgeHeader: 'x-callwire-edge',
  edgeProof: 't=1,v=proof',
}

function lines(rawHeaders: string[], upgrade: boolean): string[] {
  return requestHead({ ...base, rawHeaders, upgrade })
    .toString('latin1')
    .split('\r\n')
}

describe('requestHead', () => {
  it('keeps order and spelling, and ends with what the edge says', () => {
    expect(lines(['Host', 'a', 'AUTHORIZATION', 'Basic x', 'cookie', 'é'], true)).toEqual([
      'GET /v1/ingest HTTP/1.1',
      'Host: a',
      'AUTHORIZATION: Basic x',
      'cookie: é',
      'X-Forwarded-For: 203.0.113.9',
      'x-callwire-edge: t=1,v=proof',
      '',
      '',
    ])
  })

  it.each(['X-Forwarded-For', 'x-callwire-EDGE', 'Forwarded', 'X-Real-IP', 'X-Forwarded-Host'])(
    'drops what a client sends as %s',
    (name) => {
      expect(lines([name, 'forged'], true).join('\n')).not.toContain('forged')
    },
  )

  it('keeps the upgrade of an upgrade, and closes a plain request', () => {
    const raw = [
      'Connection',
      'keep-alive, Upgrade',
      'Upgrade',
      'websocket',
      'Expect',
      '100-continue',
    ]
    expect(lines(raw, true)).toContain('Upgrade: websocket')
    expect(lines(raw, true)).not.toContain('Connection: close')
    expect(lines(raw, false).filter((line) => /^(connection|upgrade|expect):/i.test(line))).toEqual(
      ['Connection: close'],
    )
  })
})

describe('upstreamOf', () => {
  it.each([
    ['/v1/ingest', 'ingest'],
    ['/v1/ingest/t/abc', 'ingest'],
    ['/v1/copilot?x=1', 'copilot'],
    ['/v1/copilot/calls/x/events', 'copilot'],
    ['/v1/ingestion', null],
    ['/v1', null],
    ['/api/v1/ingest', null],
    ['', null],
  ])('%s belongs to %s', (url, owner) => {
    expect(upstreamOf(url)).toBe(owner)
  })
})
