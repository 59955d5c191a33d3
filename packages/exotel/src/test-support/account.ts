import { Secret, systemClock } from '@callwire/runtime'
import type { ExotelAccount } from '../account.ts'
import { createExotelClient, type ExotelClient } from '../client.ts'
import type { PlaceCallRequest } from '../build-place-call.ts'

export const apiKey = 'k3y-9f8e7d6c5b4a39281706f5e4d3c2b1a0'
export const apiToken = 't0ken+/=0123456789abcdef0123456789abcdef'

export function accountAt(host: string): ExotelAccount {
  return { host, sid: 'acme1', apiKey: new Secret(apiKey), apiToken: new Secret(apiToken) }
}

/** Every text that would betray the account. */
export const betrayals = [apiKey, apiToken, `${apiKey}:${apiToken}`].flatMap((value) => [
  value,
  Buffer.from(value).toString('base64'),
  Buffer.from(value).toString('base64url'),
  Buffer.from(value).toString('hex'),
  encodeURIComponent(value),
])

export const request: PlaceCallRequest = {
  from: '+919876543210',
  callerId: '+918044556677',
  streamUrl: 'wss://calls.example/v1/ingest/t/abc',
  streamType: 'bidirectional',
  record: false,
  timeLimitSeconds: 600,
  customField: 'cal_01h2xcejqtf2nbrexx3vqjhp41',
  statusCallback: 'https://calls.example/cb/1',
}

export function clientFor(
  host: string,
  o: { timeoutMs?: number; askTimeoutMs?: number; allowHttp?: boolean } = {},
): ExotelClient {
  return createExotelClient({
    allowedHosts: [host],
    allowHttp: o.allowHttp ?? true,
    timeoutMs: o.timeoutMs ?? 5_000,
    ...(o.askTimeoutMs !== undefined && { askTimeoutMs: o.askTimeoutMs }),
    clock: systemClock,
  })
}

export const go = { beforeFirstByte: () => true }
