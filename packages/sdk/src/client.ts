import type {
  Agent,
  agentSchema,
  ApiKey,
  Call,
  CallEvent,
  CallReasonCode,
  CallStatus,
  createAgentBody,
  createApiKeyBody,
  createUserBody,
  exotelConfigSchema,
  importPhoneBody,
  ingestCredentialsSchema,
  KeyHolder,
  KeyJobView,
  KeyStatus,
  listPhonesQuery,
  patchAgentBody,
  patchPhoneBody,
  patchUserBody,
  Phone,
  PhoneCheck,
  placeCallBody,
  Receipt,
  SealingKey,
  sessionReply,
  ShownCall,
  Stream,
  User,
  Utterance,
} from '@callwire/contracts'
import type { z } from 'zod'
import { dialingRoutes, parkedCallRoutes } from './client-dialing.ts'
import { webhookRoutes } from './client-webhooks.ts'
import { createDownload, type DownloadOptions } from './download.ts'
import { createTransport, type TransportOptions } from './transport.ts'
import { at, createVerbs, type Page, type PageQuery } from './verbs.ts'

export type Session = z.infer<typeof sessionReply>['data']
export type CallReceipt = { receipt: Receipt | null; commits: string[]; complete: boolean }
export type IngestCredentials = z.infer<typeof ingestCredentialsSchema>
/** All of those given must hold. */
export type PhoneFilters = Omit<z.output<typeof listPhonesQuery>, 'limit' | 'cursor'>

/**
 * The REST routes, typed. Every method throws `CallwireError`; lists give a page and the next cursor.
 * `calls.place` makes an Idempotency-Key unless given one, so a lost answer never places a second call.
 */
export function createClient(options: TransportOptions) {
  const verbs = createVerbs(createTransport(options))
  const { get, request, remove } = verbs
  const download = createDownload(options)

  return {
    auth: {
      login: (body: { email: string; password: string }) =>
        request<Session>('POST', 'auth/login', { body }),
      refresh: (refreshToken: string) =>
        request<Session>('POST', 'auth/refresh', { body: { refreshToken } }),
      changePassword: (body: { currentPassword: string; newPassword: string }) =>
        request<unknown>('POST', 'auth/password', { body }),
      logout: () => request<unknown>('POST', 'auth/logout'),
    },
    phones: {
      import: (body: z.input<typeof importPhoneBody>) =>
        request<{ phone: Phone }>('POST', 'phones', { body }),
      list: (query: PageQuery & PhoneFilters = {}) => get<Page<'phones', Phone>>('phones', query),
      get: (id: string) => get<{ phone: Phone }>(`phones/${at(id)}`),
      update: (id: string, body: z.input<typeof patchPhoneBody>) =>
        request<{ phone: Phone }>('PATCH', `phones/${at(id)}`, { body }),
      delete: (id: string) => remove(`phones/${at(id)}`),
      replaceCredentials: (id: string, body: z.input<typeof exotelConfigSchema>) =>
        request<{ phone: Phone }>('PUT', `phones/${at(id)}/credentials`, { body }),
      /** Asks Exotel; credentials that it refuses are a `CallwireError` `provider_auth`. */
      check: (id: string) => request<{ check: PhoneCheck }>('POST', `phones/${at(id)}/check`),
      resetBreaker: (id: string) =>
        request<{ phone: Phone }>('POST', `phones/${at(id)}/breaker/reset`),
      createIngestCredentials: (id: string) =>
        request<{ ingestCredentials: IngestCredentials }>(
          'POST',
          `phones/${at(id)}/ingest-credentials`,
        ),
    },
    agents: {
      create: (body: z.input<typeof createAgentBody>) =>
        request<{ agent: Agent }>('POST', 'agents', { body }),
      list: (query: PageQuery = {}) => get<Page<'agents', Agent>>('agents', query),
      get: (id: string) => get<{ agent: Agent }>(`agents/${at(id)}`),
      update: (id: string, body: z.input<typeof patchAgentBody>) =>
        request<{ agent: z.infer<typeof agentSchema> }>('PATCH', `agents/${at(id)}`, { body }),
      delete: (id: string) => remove(`agents/${at(id)}`),
    },
    calls: {
      place: (body: z.input<typeof placeCallBody>, o: { idempotencyKey?: string } = {}) =>
        request<{ call: Call }>('POST', 'calls', {
          body,
          headers: { 'idempotency-key': o.idempotencyKey ?? crypto.randomUUID() },
          repeatable: true,
        }),
      list: (
        query: PageQuery & {
          sid?: string
          status?: CallStatus
          /** What calls wait or ended for, such as `needs_review`. */
          reason?: CallReasonCode
          phoneId?: string
          to?: string
        } = {},
      ) => get<Page<'calls', Call>>('calls', query),
      get: (id: string) => get<{ call: ShownCall }>(`calls/${at(id)}`),
      cancel: (id: string) => request<{ call: Call }>('POST', `calls/${at(id)}/cancel`),
      ...parkedCallRoutes(verbs),
      events: (id: string, query: { after?: number; limit?: number } = {}) =>
        get<{ events: CallEvent[] }>(`calls/${at(id)}/events`, query),
      transcript: (id: string) => get<{ utterances: Utterance[] }>(`calls/${at(id)}/transcript`),
      receipt: (id: string) => get<CallReceipt>(`calls/${at(id)}/receipt`),
      /** Our own copy of the call's audio, a WAV. Each call of this is a line in the audit, with its purpose. */
      recording: (id: string, purpose: string, o: DownloadOptions = {}) =>
        download(`calls/${at(id)}/recording`, { purpose }, o),
    },
    /** The media sockets that are live now. */
    streams: {
      list: (query: PageQuery & { phoneId?: string; callId?: string } = {}) =>
        get<Page<'streams', Stream>>('streams', query),
    },
    ...dialingRoutes(verbs),
    webhooks: webhookRoutes(verbs),
    users: {
      create: (body: z.input<typeof createUserBody>) =>
        request<{ user: User & { password: string } }>('POST', 'users', { body }),
      list: (query: PageQuery = {}) => get<Page<'users', User>>('users', query),
      update: (id: string, body: z.input<typeof patchUserBody>) =>
        request<{ user: User }>('PATCH', `users/${at(id)}`, { body }),
      delete: (id: string) => remove(`users/${at(id)}`),
    },
    apiKeys: {
      create: (body: z.input<typeof createApiKeyBody>) =>
        request<{ apiKey: ApiKey & { secret: string } }>('POST', 'api-keys', { body }),
      list: (query: PageQuery = {}) => get<Page<'apiKeys', ApiKey>>('api-keys', query),
      delete: (id: string) => remove(`api-keys/${at(id)}`),
    },
    /** Encryption keys, of the whole install: for the operator's tenant alone. */
    keys: {
      status: () => get<KeyStatus>('keys/status'),
      introduce: (kid: string) =>
        request<{ key: SealingKey; lacking: KeyHolder[] }>('POST', 'keys/introduce', {
          body: { kid },
        }),
      promote: (kid: string) =>
        request<{ key: SealingKey }>('POST', 'keys/promote', { body: { kid } }),
      retire: (kid: string) =>
        request<{ key: SealingKey }>('POST', 'keys/retire', { body: { kid } }),
      rotate: () => request<{ rotation: KeyJobView }>('POST', 'keys/rotate'),
      rotation: () => get<{ rotation: KeyJobView | null }>('keys/rotate'),
      pauseRotation: () => request<{ rotation: KeyJobView }>('POST', 'keys/rotate/pause'),
      resumeRotation: () => request<{ rotation: KeyJobView }>('POST', 'keys/rotate/resume'),
      verify: () => request<{ verification: KeyJobView }>('POST', 'keys/verify'),
      verification: () => get<{ verification: KeyJobView | null }>('keys/verify'),
    },
    copilot: {
      createTicket: () => request<{ ticket: string; expiresIn: number }>('POST', 'copilot/tickets'),
    },
  }
}

export type Client = ReturnType<typeof createClient>
