import {
  BACKUP_ROLE,
  BATCH_ROLE,
  FINDER_ROLE,
  loginOf,
  OWNER_ROLE,
  READER_ROLE,
  serviceNames,
} from '../../service-name.ts'

export const services: string[] = serviceNames.map(loginOf)
/** Whoever may log in. */
export const logins: string[] = [...services, BACKUP_ROLE]
export const roles: string[] = [...logins, OWNER_ROLE, FINDER_ROLE, BATCH_ROLE, READER_ROLE]

/**
 * Tables that belong to no tenant and so have no fence: what they hold is the install's own, and
 * who may do what with them is written here in full. The owner's rights are left out.
 */
export const installTables: Readonly<Record<string, readonly string[]>> = {
  schema_scripts: ['backup: select'],
  install: [
    'backup: select',
    'dialer: select',
    'finder: select(dialing_paused id)',
    'gateway: insert select update(changed_at dialing_paused paused_reason)',
    'reader: select(dialing_paused id paused_reason)',
  ],
  account_requests: ['backup: select', 'batch: insert', 'dialer: delete insert select'],
  key_state: [
    'backup: select',
    'courier: select',
    'dialer: select',
    'gateway: insert select update(is_primary promoted_at retired_at)',
    'ingest: select',
    'transcriber: select',
  ],
  key_checks: [
    'backup: select',
    'courier: insert select',
    'dialer: insert select',
    'gateway: insert select',
    'ingest: insert select',
    'transcriber: insert select',
  ],
  key_holders: [
    'backup: select',
    'courier: delete insert select update(beat_at kids primary_kid service)',
    'dialer: delete insert select update(beat_at kids primary_kid service)',
    'gateway: delete insert select update(beat_at kids primary_kid service)',
    'ingest: delete insert select update(beat_at kids primary_kid service)',
    'transcriber: delete insert select update(beat_at kids primary_kid service)',
  ],
  key_jobs: [
    'backup: select',
    'courier: insert(id kind to_kid total) select update(after_id after_tenant beat_at busy_ms done failed failed_rows finished_at owner place state total)',
    'dialer: insert(id kind to_kid total) select update(after_id after_tenant beat_at busy_ms done failed failed_rows finished_at owner place state total)',
    'gateway: insert(id kind to_kid total) select update(state)',
    'ingest: select',
    'transcriber: select',
  ],
}

/** Tables that the owner's policy opens to whoever makes tenants. */
export const ownersTables = ['api_keys', 'audit_log', 'sessions', 'tenants', 'users']

/**
 * What the batches' functions may do, table by table: they write calls of several tenants at once,
 * and read what tells whether they may. Those with a tenant have a policy for it.
 */
export const batchRights: Readonly<Record<string, string>> = {
  account_requests: 'insert',
  audit_log: 'insert',
  call_events: 'insert',
  call_heads: 'insert select(call_id hash seq tenant_id) update(changed_at hash last_type seq)',
  call_keys: 'insert',
  calls:
    'insert select(created_at dialed_at due_at fence id person_index phone_id sid status tenant_id) update(account_sid dialed_at dialing_at ended_at fence heard_at rang_first reason_code reason_message sid status)',
  idempotency_keys:
    'insert select(call_id created_at fingerprint key route status tenant_id) update(call_id created_at fingerprint status)',
  never_call: 'select(expires_at id person_index tenant_id)',
  phones: 'select(auth_failures id tenant_id) update(auth_failures)',
  stream_tokens: 'insert',
}

/**
 * What the reader's functions may read, table by table; nothing else is theirs. Those with a tenant
 * have a policy for it.
 */
export const readerRights: Readonly<Record<string, string>> = {
  agents: 'select(app_id deleted_at id kind number stream_url tenant_id)',
  api_keys: 'select(id last_used_at revoked_at scopes tenant_id)',
  call_heads: 'select(call_id hash last_type seq tenant_id)',
  calls: 'select',
  install: 'select(dialing_paused id paused_reason)',
  never_call: 'select(expires_at person_index tenant_id)',
  phone_credentials: 'select(enc_api_key enc_api_token phone_id sid subdomain tenant_id version)',
  phones: 'select(agent_id breaker_opened_at country deleted_at id number tenant_id)',
  tenants:
    'select(calling_hours cap_account cap_phone cap_tenant dialing_paused expire_after_ms tenant_id)',
}

/**
 * Who may select the sealed columns of credentials: one service, the reader, which gives them to that
 * service alone, and the backup, which has no key.
 */
export const credentialReaders = [OWNER_ROLE, loginOf('dialer'), READER_ROLE, BACKUP_ROLE]

/**
 * Unique indexes without the tenant, which would tell one tenant what another has, were the values
 * not random or not of the tenants' choosing.
 */
export const installWideUnique: Readonly<Record<string, string>> = {
  api_keys_hash: 'hash of a random secret',
  calls_id: 'random id',
  phones_id: 'random id',
  phones_ingest_key: 'random id',
  phones_token: 'hash of a random secret',
  sessions_family: 'hash of a random secret',
  stream_tokens_hash: 'hash of a random secret',
  tenants_one_default: 'a mark that only the owner sets',
  tenants_one_operator: 'a mark that only the owner sets',
  users_email: 'an address signs in without naming its tenant, so it is of one person',
}

/** What the finder may give back: ids and tenant, which wake-up of a call is next, which key. */
export const findings = [
  'tenant_id',
  'id',
  'user_id',
  'call_id',
  'phone_id',
  'stream_id',
  'endpoint_id',
  'attempt',
  'place',
  'kid',
]

/** Every function that looks across tenants, and who may call it beside the finder itself. */
export const finderFunctions: Readonly<Record<string, readonly string[]>> = {
  'account_live_calls(text)': ['dialer'],
  'active_webhook_endpoints()': ['courier'],
  'api_key_by_hash(text)': ['copilot', 'gateway'],
  'call_by_id(text)': ['dialer', 'gateway', 'ingest', 'transcriber'],
  'call_by_sid(text)': ['gateway', 'ingest'],
  'calls_over_limit(integer,integer,integer)': ['dialer'],
  'due_calls(integer)': ['dialer'],
  'due_webhook_deliveries(integer,integer,text[])': ['courier'],
  'expired_calls(integer)': ['dialer'],
  'expired_webhook_secrets(integer)': ['courier'],
  'is_empty()': ['gateway', 'owner'],
  'key_ids()': ['courier', 'dialer', 'gateway', 'ingest', 'owner', 'transcriber'],
  'key_ids_of(text)': [],
  'key_rows(text,text)': ['courier', 'dialer', 'gateway', 'ingest', 'owner', 'transcriber'],
  'old_idempotency_keys(bigint,integer)': ['dialer'],
  'old_tenant_alerts(bigint,integer)': ['courier'],
  'old_webhook_cursors(bigint,integer)': ['courier'],
  'old_webhook_deliveries(bigint,integer)': ['courier'],
  'old_phone_checks(integer,integer)': ['dialer'],
  'old_stream_tokens(integer,integer)': ['dialer'],
  'open_calls_dialed_before(timestamp with time zone)': ['dialer', 'gateway', 'owner'],
  'operator_tenant()': ['owner'],
  'parked_calls()': ['dialer'],
  'pending_transcriptions(integer)': ['dialer', 'transcriber'],
  'phone_by_id(text)': ['ingest'],
  'phone_by_ingest_key(text)': ['ingest'],
  'phone_by_token_hash(text)': ['gateway', 'ingest'],
  'sealed_place(text)': [],
  'sealed_rows(text,text,text,text,integer)': ['courier', 'dialer'],
  'session_by_family_hash(text)': ['gateway'],
  'stale_dialing(integer,integer)': ['dialer'],
  'stale_streams(integer,integer)': ['dialer'],
  'stream_token_by_hash(text)': ['ingest'],
  'tenant_count()': ['dialer', 'gateway'],
  'tenants_past_retention()': ['dialer'],
  'erased_recordings(integer)': ['dialer'],
  'unapplied_callbacks(integer,integer)': ['dialer'],
  'unknown_calls(integer,integer,integer)': ['dialer'],
  'unpolled_calls(integer,integer,integer)': ['dialer'],
  'unreceipted_calls(integer)': ['dialer'],
  'unused_default()': ['owner'],
  'user_by_email(text)': ['gateway', 'owner'],
  'webhook_endpoints_behind(integer,integer)': ['courier'],
}

/** What the batches' functions may give back: which calls, and what stood in the way of one. */
export const answers = ['call_id', 'live_id', 'listed_id', 'listed_until', 'created_at', 'due_at']

/** Every function that writes for several tenants at once, and who may call it beside their role. */
export const batchFunctions: Readonly<Record<string, readonly string[]>> = {
  'begin_dials(json)': ['dialer'],
  'bind_sids(json)': ['dialer'],
  'place_calls(json,bigint)': ['gateway'],
}
/** What their policies and the reader's compare with, for the owner to name in them. */
export const batchFence = 'tenant_ids()'

/** Every function that reads of several tenants at once, and who may call it beside their role. */
export const readerFunctions: Readonly<Record<string, readonly string[]>> = {
  'api_keys(json)': ['copilot', 'gateway'],
  'attempts_held(json)': ['dialer'],
  'callers(json)': ['gateway'],
  'calls_to_dial(json)': ['dialer'],
}

/** Who may look into the schemas of functions that act for several tenants. */
export const schemaHolders: Readonly<Record<string, readonly string[]>> = {
  batch: [
    'batch: CREATE USAGE',
    'dialer: USAGE',
    'gateway: USAGE',
    'owner: USAGE',
    'reader: USAGE',
  ],
  reader: ['copilot: USAGE', 'dialer: USAGE', 'gateway: USAGE', 'reader: CREATE USAGE'],
}
