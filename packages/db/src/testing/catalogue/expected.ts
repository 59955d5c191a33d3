import { BACKUP_ROLE, FINDER_ROLE, loginOf, OWNER_ROLE, serviceNames } from '../../service-name.ts'

export const services: string[] = serviceNames.map(loginOf)
/** Whoever may log in. */
export const logins: string[] = [...services, BACKUP_ROLE]
export const roles: string[] = [...logins, OWNER_ROLE, FINDER_ROLE]

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
  ],
  account_requests: ['backup: select', 'dialer: delete insert select'],
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

/** Who may select the sealed columns of credentials: one service, and the backup, which has no key. */
export const credentialReaders = [OWNER_ROLE, loginOf('dialer'), BACKUP_ROLE]

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
  'call_of_attempt(text,integer)': ['dialer'],
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
