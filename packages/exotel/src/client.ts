import type { Clock } from '@callwire/runtime'
import { accountPath, basicAuthorization, type ExotelAccount } from './account.ts'
import { parseActiveStreams, type ActiveStreams } from './active-streams.ts'
import {
  isRejection,
  parseJson,
  rateLimited,
  rejection,
  type RateLimited,
  type Rejected,
} from './answer.ts'
import { placeCallForm, type PlaceCallRequest } from './build-place-call.ts'
import {
  parseCallDetails,
  parseCallDetailsV3,
  parseCallList,
  type ExotelCall,
  type ExotelCallV3,
} from './call-details.ts'
import { exchange, type Exchange, type LostReason } from './exchange.ts'
import { keepConnections } from './kept-connections.ts'
import { ExotelError } from './exotel-error.ts'
import { createdWindow } from './exotel-time.ts'
import { exotelHosts, originOf, requireAllowed } from './hosts.ts'
import { placeCallOutcome, type PlaceCallOutcome } from './place-call.ts'

/** What a question to Exotel brought. `unavailable` may be asked again later. */
export type AskOutcome<T> =
  | ({ kind: 'found' } & T)
  | { kind: 'not_found' }
  | Rejected
  | RateLimited
  | {
      kind: 'unavailable'
      reason: LostReason | 'connect_failed' | 'server_error' | 'request_timeout' | 'protocol_error'
    }

export type DetailsOutcome = AskOutcome<{ call: ExotelCall }>
export type DetailsV3Outcome = AskOutcome<{ details: ExotelCallV3 }>
/** `after` asks for the next page; null on the last. */
export type ListOutcome = AskOutcome<{ calls: ExotelCall[]; after: string | null }>
/** Whether an account's credentials work; what stands in the way when nobody can say. */
export type CheckOutcome =
  { kind: 'accepted' } | Exclude<AskOutcome<unknown>, { kind: 'found' } | { kind: 'not_found' }>

export type ActiveStreamsOutcome = AskOutcome<{ streams: ActiveStreams }>

/** Numbers E.164, times epoch ms. Exotel allows a window of a month. */
export type CallListFilter = {
  from?: string
  to?: string
  phoneNumber?: string
  createdFromMs: number
  createdToMs: number
  after?: string
}

export type ExotelClient = {
  placeCall(
    account: ExotelAccount,
    request: PlaceCallRequest,
    o: { beforeFirstByte: () => boolean },
  ): Promise<PlaceCallOutcome>
  callDetails(account: ExotelAccount, callSid: string): Promise<DetailsOutcome>
  callDetailsV3(account: ExotelAccount, callSid: string): Promise<DetailsV3Outcome>
  listCalls(account: ExotelAccount, filter: CallListFilter): Promise<ListOutcome>
  /** Asks for nothing but an answer, for at most `timeoutMs`; what is shown of calls is not read. */
  checkCredentials(account: ExotelAccount, o: { timeoutMs: number }): Promise<CheckOutcome>
  /** How many media streams the account has open, for at most `timeoutMs`. */
  activeStreams(account: ExotelAccount, o: { timeoutMs: number }): Promise<ActiveStreamsOutcome>
  close(): Promise<void>
}

const largestPage = 100
/**
 * A question may be asked again, so it waits for less than a dial does: whoever hangs holds up the
 * questions of others only so long.
 */
const defaultAskTimeoutMs = 10_000
/** A check asks for the calls of the last moment: mostly none, and a page of one at most. */
const checkWindowMs = 60_000
const callSidPattern = /^[A-Za-z0-9_-]{1,128}$/

/**
 * The only speaker of Exotel's REST API. Credentials travel in the Authorization header alone,
 * to allowed hosts alone, and are in no outcome and no error.
 *
 * @param o.timeoutMs - for a dial; no question without a limit of its own waits longer than that, or
 * than `askTimeoutMs`
 * @throws ExotelError from every method for a host, account or call sid that must not be used
 */
export function createExotelClient(o: {
  allowedHosts: readonly string[]
  allowHttp: boolean
  timeoutMs: number
  askTimeoutMs?: number
  clock: Clock
}): ExotelClient {
  const hosts = exotelHosts(o.allowedHosts)
  const connections = keepConnections()
  const askTimeoutMs = Math.min(o.timeoutMs, o.askTimeoutMs ?? defaultAskTimeoutMs)

  const send = (
    account: ExotelAccount,
    host: string,
    request: { method: 'GET' | 'POST'; path: string; body?: string },
    { beforeFirstByte = () => true, timeoutMs = o.timeoutMs }: SendOptions = {},
  ): Promise<Exchange> => {
    requireAllowed(hosts, account.host)
    const form = request.body === undefined ? {} : formHeader
    const sent = {
      ...request,
      origin: originOf(host, o),
      headers: { authorization: basicAuthorization(account), accept: 'application/json', ...form },
      timeoutMs,
      beforeFirstByte,
    }
    return exchange(sent, connections)
  }

  const ask = async <T>(
    account: ExotelAccount,
    host: string,
    path: string,
    parse: (json: unknown) => T | null,
  ): Promise<AskOutcome<T>> => {
    const get = { method: 'GET', path } as const
    const result = await send(account, host, get, { timeoutMs: askTimeoutMs })
    return askOutcome(result, account, o.clock, parse)
  }

  return {
    placeCall: async (account, request, { beforeFirstByte }) => {
      const path = `${accountPath('v1', account.sid)}/Calls/connect.json`
      const post = { method: 'POST', path, body: placeCallForm(request) } as const
      const result = await send(account, account.host, post, { beforeFirstByte })
      return placeCallOutcome(result, account, o.clock)
    },
    callDetails: async (account, callSid) => {
      const path = `${accountPath('v1', account.sid)}/Calls/${segment(callSid)}.json?details=true`
      return await ask(account, account.host, path, (json) => {
        const call = parseCallDetails(json)
        return call === null ? null : { call }
      })
    },
    callDetailsV3: async (account, callSid) => {
      const path = `${accountPath('v3', account.sid)}/calls/${segment(callSid)}`
      return await ask(account, hosts.ccmTwin(account.host), path, (json) => {
        const details = parseCallDetailsV3(json)
        return details === null ? null : { details }
      })
    },
    listCalls: async (account, filter) => {
      const path = `${accountPath('v1', account.sid)}/Calls.json?${listQuery(filter, largestPage)}`
      return await ask(account, account.host, path, parseCallList)
    },
    checkCredentials: async (account, { timeoutMs }) => {
      const now = o.clock.now()
      const moment = { createdFromMs: now - checkWindowMs, createdToMs: now }
      const path = `${accountPath('v1', account.sid)}/Calls.json?${listQuery(moment, 1)}`
      const result = await send(account, account.host, { method: 'GET', path }, { timeoutMs })
      const outcome = askOutcome(result, account, o.clock, parseCallList)
      if (outcome.kind === 'not_found') return unknownAccount
      return outcome.kind === 'found' ? { kind: 'accepted' } : outcome
    },
    activeStreams: async (account, { timeoutMs }) => {
      const path = `${accountPath('v1', account.sid)}/ActiveStreams`
      const result = await send(account, account.host, { method: 'GET', path }, { timeoutMs })
      return askOutcome(result, account, o.clock, (json, text) => {
        const streams = parseActiveStreams(json, text)
        return streams === null ? null : { streams }
      })
    },
    close: () => {
      connections.close()
      return Promise.resolve()
    },
  }
}

type SendOptions = { beforeFirstByte?: () => boolean; timeoutMs?: number }

/** The list of an account that is there may be empty and is never absent. */
const unknownAccount: Rejected = {
  kind: 'rejected',
  code: 'provider_rejected',
  httpStatus: 404,
  message: 'Exotel knows no such account at this host.',
}

const formHeader = { 'content-type': 'application/x-www-form-urlencoded' }

function segment(callSid: string): string {
  if (!callSidPattern.test(callSid)) {
    throw new ExotelError('invalid_request', 'The call sid is malformed.')
  }
  return encodeURIComponent(callSid)
}

function listQuery(filter: CallListFilter, pageSize: number): string {
  const fields: [string, string | undefined][] = [
    ['From', filter.from],
    ['To', filter.to],
    ['PhoneNumber', filter.phoneNumber],
    ['DateCreated', createdWindow(filter.createdFromMs, filter.createdToMs)],
    ['SortBy', 'DateCreated:asc'],
    ['PageSize', String(pageSize)],
    ['After', filter.after],
  ]
  return fields
    .flatMap(([name, value]) => (value === undefined ? [] : `${name}=${encodeURIComponent(value)}`))
    .join('&')
}

/** Pure: what an exchange with one of the reading routes means. */
function askOutcome<T>(
  result: Exchange,
  account: ExotelAccount,
  clock: Clock,
  parse: (json: unknown, text: string) => T | null,
): AskOutcome<T> {
  if (result.kind === 'not_sent') return { kind: 'unavailable', reason: 'connect_failed' }
  if (result.kind === 'lost') return { kind: 'unavailable', reason: result.reason }
  const { status, body } = result
  if (status === 404) return { kind: 'not_found' }
  if (status === 429) return rateLimited(result, clock)
  if (status === 408) return { kind: 'unavailable', reason: 'request_timeout' }
  if (isRejection(status)) return rejection(result, account)
  if (status >= 500) return { kind: 'unavailable', reason: 'server_error' }
  if (status >= 300) return { kind: 'unavailable', reason: 'protocol_error' }
  if (body.kind === 'lost') return { kind: 'unavailable', reason: body.reason }
  const found = parse(parseJson(body.text), body.text)
  return found === null
    ? { kind: 'unavailable', reason: 'unreadable' }
    : { kind: 'found', ...found }
}
