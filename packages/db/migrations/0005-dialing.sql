-- Dialing in full: what a tenant may set, whom it must not call, what an account was asked, what a
-- person has to decide, and the tenants' own webhooks.
-- Run as callwire_owner with search_path app.

-- What a tenant sets ---------------------------------------------------------------------------
alter table tenants
  -- How long a call may wait past its time before it is given up. Null: for ever.
  add column expire_after_ms bigint default 86400000 check (expire_after_ms between 60000 and 2592000000),
  -- At most so many calls at once; null: no cap. The account's counts every tenant on it.
  add column cap_tenant integer check (cap_tenant between 1 and 100000),
  add column cap_phone integer check (cap_phone between 1 and 100000),
  add column cap_account integer check (cap_account between 1 and 100000),
  -- When people may be called, by their own clock. Null: at any time.
  add column calling_hours jsonb check (jsonb_typeof(calling_hours) = 'object');

-- The install's own switch: at most one row, no tenant's. None: dialing was never paused.
create table install (
  id boolean primary key default true check (id),
  dialing_paused boolean not null default false,
  paused_reason text check (char_length(paused_reason) between 1 and 200),
  changed_at timestamptz(3) not null default now()
);

-- Whom a tenant never calls --------------------------------------------------------------------
create table never_call (
  tenant_id text not null references tenants,
  id text not null check (app.is_id('nvc', id)),
  person_sealed text not null check (person_sealed like 'cw1d.%'),
  person_masked text not null check (person_masked !~ '[0-9]{4}$'),
  person_index text not null check (person_index <> ''),
  reason text not null check (char_length(reason) between 1 and 200),
  expires_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  created_by text not null check (created_by <> ''),
  kid text generated always as (
    substring(left(person_sealed, 38) from '^cw1d\.([a-z0-9][a-z0-9-]{0,31})\.')) stored,
  primary key (tenant_id, id)
);
create unique index never_call_person on never_call (tenant_id, person_index);
create index never_call_kid on never_call (kid, tenant_id, id);
create index never_call_expiry on never_call (expires_at) where expires_at is not null;

-- Calls ----------------------------------------------------------------------------------------
alter table calls
  -- The Exotel account that an attempt was begun with.
  add column account_sid text check (account_sid <> ''),
  -- What Exotel told of each side: [{status, seconds, answeredBy, cause}]; no number.
  add column legs jsonb check (jsonb_typeof(legs) = 'array' and jsonb_array_length(legs) <= 8),
  -- What a person chooses from when a call is parked: [{sid, status, createdAt, ...}]; no number.
  add column candidates jsonb
    check (jsonb_typeof(candidates) = 'array' and jsonb_array_length(candidates) <= 50);
-- Calls that take up a place under a cap.
create index calls_of_account on calls (account_sid)
  where status in ('dialing', 'unknown', 'ringing', 'in-progress') and account_sid is not null;
-- The line before a cap.
create index calls_waiting_for_cap on calls (tenant_id, phone_id)
  where status = 'queued' and reason_code = 'waiting_for_cap';
-- The lines in which calls wait: by tenant, whether a pause holds them, and priority.
create index calls_lines
  on calls (tenant_id, (reason_code is not distinct from 'paused'), (-priority), due_at, id)
  where status = 'queued';
create index calls_parked on calls (tenant_id, unknown_at)
  where status = 'unknown' and reason_code = 'needs_review';

-- Every request to an Exotel account, for as long as its budget looks back: what refills a Redis
-- that forgot. No tenant's, because accounts are shared. Written with what allows the request.
create table account_requests (
  account_sid text not null check (account_sid <> ''),
  id text not null check (char_length(id) between 8 and 64),
  -- When it was taken, which may be a while after its transaction began.
  at timestamptz(3) not null default clock_timestamp(),
  primary key (account_sid, id)
);
create index account_requests_at on account_requests (at);

-- Checks of credentials ------------------------------------------------------------------------
alter table phone_checks
  -- Media streams the account had open then, and may have; null where Exotel did not say.
  add column active_streams integer check (active_streams >= 0),
  add column stream_limit integer check (stream_limit >= 0);

-- Callbacks ------------------------------------------------------------------------------------
alter table callback_inbox
  -- SHA-256 over sid, event and status: the same news twice. Null until it was read.
  add column news_hash text check (news_hash ~ '^[0-9a-f]{64}$');
create index callback_inbox_news on callback_inbox (tenant_id, call_id, news_hash)
  where news_hash is not null;

create index idempotency_keys_by_age on idempotency_keys (created_at);

-- Alerts about no call -------------------------------------------------------------------------
create table tenant_alerts (
  tenant_id text not null references tenants,
  id text not null check (app.is_id('alt', id)),
  code text not null check (code ~ '^[a-z][a-z0-9_]{0,63}$'),
  severity text not null check (severity in ('info', 'warn', 'page')),
  message text not null check (char_length(message) between 1 and 500),
  -- Ids of what it is about; never a number or a secret.
  about jsonb not null default '{}' check (jsonb_typeof(about) = 'object'),
  at timestamptz(3) not null default now(),
  primary key (tenant_id, id)
);
create index tenant_alerts_at on tenant_alerts (tenant_id, at);

-- Webhooks -------------------------------------------------------------------------------------
create table webhook_endpoints (
  tenant_id text not null references tenants,
  id text not null check (app.is_id('whe', id)),
  url text not null check (char_length(url) between 8 and 2000),
  description text not null default '' check (char_length(description) <= 200),
  event_types text[] not null check (cardinality(event_types) between 1 and 32),
  status text not null default 'active' check (status in ('active', 'disabled')),
  disabled_reason text check (disabled_reason in ('person', 'gone', 'failing')),
  -- Since when nothing got through; null while the last delivery did.
  failing_since timestamptz(3),
  created_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3),
  -- Facts from this moment on are delivered.
  starts_at timestamptz(3) not null default now(),
  -- How far the courier has looked through the heads of calls.
  scanned_to timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  constraint webhook_endpoints_disabled check ((status = 'disabled') = (disabled_reason is not null))
);
create index webhook_endpoints_active on webhook_endpoints (tenant_id)
  where status = 'active' and deleted_at is null;

-- What an endpoint's messages are signed with: the newest, and those before it until they expire.
create table webhook_secrets (
  tenant_id text not null,
  id text not null check (app.is_id('whs', id)),
  endpoint_id text not null,
  sealed text not null check (sealed like 'cw1c.%'),
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3),
  kid text generated always as (
    substring(left(sealed, 38) from '^cw1c\.([a-z0-9][a-z0-9-]{0,31})\.')) stored,
  primary key (tenant_id, id),
  constraint webhook_secrets_endpoint foreign key (tenant_id, endpoint_id)
    references webhook_endpoints (tenant_id, id) on delete cascade
);
create index webhook_secrets_of_endpoint on webhook_secrets (tenant_id, endpoint_id);
create index webhook_secrets_kid on webhook_secrets (kid, tenant_id, id);

-- Up to which fact of a call deliveries to an endpoint have been written.
create table webhook_cursors (
  tenant_id text not null,
  endpoint_id text not null,
  call_id text not null,
  seq integer not null check (seq >= 0),
  moved_at timestamptz(3) not null default now(),
  primary key (tenant_id, endpoint_id, call_id),
  constraint webhook_cursors_endpoint foreign key (tenant_id, endpoint_id)
    references webhook_endpoints (tenant_id, id) on delete cascade,
  constraint webhook_cursors_call foreign key (tenant_id, call_id) references calls (tenant_id, id)
);
create index webhook_cursors_of_call on webhook_cursors (tenant_id, call_id);

-- One message for one endpoint: a fact of a call or an alert about none, and how its delivery goes.
-- Its words stand in the ledger alone: what is erased there is not sent any more.
create table webhook_deliveries (
  tenant_id text not null,
  id text not null check (app.is_id('msg', id)),
  endpoint_id text not null,
  event_type text not null,
  call_id text,
  seq integer check (seq >= 1),
  alert_id text check (app.is_id('alt', alert_id)),
  state text not null default 'pending'
    check (state in ('pending', 'delivered', 'dead')),
  attempts integer not null default 0 check (attempts >= 0),
  -- Who is at it, and until when that holds; then another courier may take it.
  owner text check (owner <> ''),
  owned_until timestamptz(3),
  created_at timestamptz(3) not null default now(),
  due_at timestamptz(3) not null default now(),
  last_attempt_at timestamptz(3),
  last_status integer check (last_status between 100 and 599),
  last_error text check (last_error ~ '^[a-z][a-z0-9_]{0,63}$'),
  finished_at timestamptz(3),
  primary key (tenant_id, id),
  constraint webhook_deliveries_endpoint foreign key (tenant_id, endpoint_id)
    references webhook_endpoints (tenant_id, id) on delete cascade,
  constraint webhook_deliveries_about check ((call_id is null) = (seq is null)
    and (call_id is null) <> (alert_id is null)),
  constraint webhook_deliveries_finished check ((state = 'pending') = (finished_at is null))
);
-- The same fact is one message, however often it is found.
create unique index webhook_deliveries_fact on webhook_deliveries (tenant_id, endpoint_id, call_id, seq)
  where call_id is not null;
create unique index webhook_deliveries_alert on webhook_deliveries (tenant_id, endpoint_id, alert_id)
  where alert_id is not null;
create index webhook_deliveries_due on webhook_deliveries (tenant_id, endpoint_id, due_at, id)
  where state = 'pending';
create index webhook_deliveries_of_endpoint on webhook_deliveries (tenant_id, endpoint_id, created_at);
create index webhook_deliveries_done on webhook_deliveries (finished_at) where finished_at is not null;

-- The life of keys -----------------------------------------------------------------------------
alter table key_jobs drop constraint key_jobs_place_check;
alter table key_jobs add constraint key_jobs_place_check check (place in (
  'phone_credentials', 'calls.person', 'calls.metadata', 'calls.recording_url', 'call_keys',
  'callback_inbox', 'idempotency_keys', 'never_call', 'webhook_secrets'));
