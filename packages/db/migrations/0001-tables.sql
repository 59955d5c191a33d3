-- The tables. Run as callwire_owner with search_path app.
-- Rules every table keeps: tenant_id is NOT NULL and first in the primary key; a foreign key always
-- carries tenant_id, because its check looks past row-level security; whatever is sealed says so in
-- a CHECK, so that clear text cannot be stored by mistake.

-- The tenant of this transaction. Raises when there is none: a forgotten tenant must not look like
-- an empty table. Policies wrap it as (select app.tenant_id()), so that it runs once per statement.
create function app.tenant_id() returns text
language plpgsql stable parallel safe
set search_path = pg_catalog
as $$
declare
  tenant text := current_setting('app.tenant', true);
begin
  if tenant is null or tenant = '' then
    raise exception 'no tenant is set' using errcode = '42501';
  end if;
  return tenant;
end
$$;

-- Whether a text has the shape of an id with this prefix.
create function app.is_id(prefix text, id text) returns boolean
language sql immutable parallel safe strict
return id ~ ('^' || prefix || '_[0-9a-hjkmnp-tv-z]{24}$');

create table tenants (
  tenant_id text primary key check (app.is_id('ten', tenant_id)),
  name text not null check (char_length(name) between 1 and 200),
  is_default boolean not null default false,
  dialing_paused boolean not null default false,
  created_at timestamptz(3) not null default now()
);
create unique index tenants_one_default on tenants (is_default) where is_default;

create table users (
  tenant_id text not null references tenants,
  id text not null check (app.is_id('usr', id)),
  email text not null check (email = lower(email) and char_length(email) between 3 and 254),
  password_hash text not null check (password_hash like '$scrypt$%'),
  role text not null
    check (role in ('owner', 'admin', 'supervisor', 'agent', 'analyst', 'auditor')),
  status text not null default 'active' check (status in ('active', 'disabled')),
  must_change_password boolean not null default false,
  created_at timestamptz(3) not null default now(),
  last_login_at timestamptz(3),
  primary key (tenant_id, id)
);
create unique index users_email on users (lower(email));

create table sessions (
  tenant_id text not null,
  id text not null check (app.is_id('ses', id)),
  user_id text not null,
  family_hash text not null check (family_hash ~ '^[0-9a-f]{64}$'),
  refresh_hash text not null check (refresh_hash ~ '^[0-9a-f]{64}$'),
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  revoked_at timestamptz(3),
  primary key (tenant_id, id),
  constraint sessions_user foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create unique index sessions_family on sessions (family_hash);
create index sessions_of_user on sessions (tenant_id, user_id);

create table api_keys (
  tenant_id text not null references tenants,
  id text not null check (app.is_id('key', id)),
  name text not null check (char_length(name) between 1 and 100),
  key_hash text not null check (key_hash ~ '^[0-9a-f]{64}$'),
  hint text not null check (char_length(hint) <= 8),
  scopes text[] not null,
  created_at timestamptz(3) not null default now(),
  last_used_at timestamptz(3),
  revoked_at timestamptz(3),
  primary key (tenant_id, id)
);
create unique index api_keys_hash on api_keys (key_hash);

create table agents (
  tenant_id text not null references tenants,
  id text not null check (app.is_id('agt', id)),
  name text not null,
  kind text not null,
  number text check (number ~ '^\+[1-9][0-9]{6,14}$'),
  app_id text,
  stream_url text,
  created_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3),
  primary key (tenant_id, id),
  constraint agents_kind check (
    case kind
      when 'human' then number is not null and app_id is null and stream_url is null
      when 'flow' then app_id is not null and number is null and stream_url is null
      when 'stream' then number is null and app_id is null
      else false
    end
  )
);

create table phones (
  tenant_id text not null references tenants,
  id text not null check (app.is_id('phn', id)),
  number text not null check (number ~ '^\+[1-9][0-9]{6,14}$'),
  country text not null check (country ~ '^[A-Z]{2}$'),
  provider text not null default 'exotel' check (provider in ('exotel')),
  status text not null default 'active' check (status in ('active')),
  tags text[] not null default '{}',
  agent_id text,
  keep_recording boolean not null default false,
  auth_failures integer not null default 0 check (auth_failures >= 0),
  breaker_opened_at timestamptz(3),
  ingest_key text,
  ingest_token_hash text check (ingest_token_hash ~ '^[0-9a-f]{64}$'),
  phone_token_hash text check (phone_token_hash ~ '^[0-9a-f]{64}$'),
  created_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3),
  primary key (tenant_id, id),
  constraint phones_agent foreign key (tenant_id, agent_id) references agents (tenant_id, id)
);
create unique index phones_number on phones (tenant_id, number) where deleted_at is null;
create unique index phones_id on phones (id);
create unique index phones_ingest_key on phones (ingest_key) where ingest_key is not null;
create unique index phones_token on phones (phone_token_hash) where phone_token_hash is not null;

create table phone_credentials (
  tenant_id text not null,
  phone_id text not null,
  sid text not null,
  subdomain text not null,
  version integer not null default 1 check (version >= 1),
  enc_api_key text not null check (enc_api_key like 'cw1c.%'),
  enc_api_token text not null check (enc_api_token like 'cw1c.%'),
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, phone_id),
  constraint phone_credentials_phone
    foreign key (tenant_id, phone_id) references phones (tenant_id, id) on delete cascade
);

create table calls (
  tenant_id text not null references tenants,
  id text not null check (app.is_id('cal', id)),
  phone_id text not null,
  agent_id text,
  direction text not null check (direction in ('outbound', 'inbound')),
  person_sealed text not null check (person_sealed like 'cw1d.%'),
  person_masked text not null check (person_masked !~ '[0-9]{4}$'),
  person_index text not null check (person_index <> ''),
  status text not null check (status in (
    'queued', 'dialing', 'unknown', 'ringing', 'in-progress',
    'completed', 'busy', 'no-answer', 'failed', 'canceled')),
  reason_code text,
  reason_message text,
  sid text check (sid <> ''),
  fence integer not null default 0,
  attempt integer not null default 1,
  priority integer not null default 0 check (priority between 0 and 9),
  record boolean not null default false,
  time_limit_seconds integer check (time_limit_seconds between 1 and 14400),
  allow_concurrent boolean not null default false,
  metadata_sealed text check (metadata_sealed like 'cw1d.%'),
  created_at timestamptz(3) not null default now(),
  schedule_at timestamptz(3),
  due_at timestamptz(3) not null default now(),
  dialing_at timestamptz(3),
  dialed_at timestamptz(3),
  unknown_at timestamptz(3),
  answered_at timestamptz(3),
  ended_at timestamptz(3),
  duration_seconds integer check (duration_seconds >= 0),
  heard_at timestamptz(3),
  recording_url_sealed text check (recording_url_sealed ~ '^cw1[de]\.'),
  primary key (tenant_id, id),
  constraint calls_phone foreign key (tenant_id, phone_id) references phones (tenant_id, id),
  constraint calls_agent foreign key (tenant_id, agent_id) references agents (tenant_id, id)
);
create unique index calls_id on calls (id);
create unique index calls_sid on calls (tenant_id, sid) where sid is not null;
create index calls_any_sid on calls (sid) where sid is not null;
create index calls_person on calls (tenant_id, person_index, id);
create index calls_of_phone on calls (tenant_id, phone_id, id);
create index calls_open on calls (tenant_id, created_at) where ended_at is null;
create index calls_due on calls (due_at) where status = 'queued';
create index calls_dialing on calls (dialing_at) where status = 'dialing';
create index calls_unknown on calls (unknown_at) where status = 'unknown';
create index calls_live on calls (tenant_id, status, id)
  where status in ('queued', 'dialing', 'unknown', 'ringing', 'in-progress');

-- What belongs to a call may be written before the call's own row, in the same transaction: the
-- head is locked first, always. So these foreign keys are checked at commit.

create table call_keys (
  tenant_id text not null,
  call_id text not null,
  wrapped text not null check (wrapped like 'cw1k.%'),
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, call_id),
  constraint call_keys_call foreign key (tenant_id, call_id) references calls (tenant_id, id)
    deferrable initially deferred
);

create table call_heads (
  tenant_id text not null,
  call_id text not null,
  seq integer not null default 0 check (seq >= 0),
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  last_type text,
  changed_at timestamptz(3) not null default now(),
  primary key (tenant_id, call_id),
  constraint call_heads_call foreign key (tenant_id, call_id) references calls (tenant_id, id)
    deferrable initially deferred
);
create index call_heads_changed on call_heads (tenant_id, changed_at);
create index call_heads_open on call_heads (tenant_id, call_id)
  where last_type is distinct from 'call.receipt';

create table call_events (
  tenant_id text not null,
  call_id text not null,
  seq integer not null check (seq >= 1),
  id text not null check (app.is_id('evt', id)),
  type text not null check (type ~ '^[a-z]+(\.[a-z_]+)?$'),
  at timestamptz(3) not null,
  data text,
  salt text,
  commit text not null check (commit ~ '^[0-9a-f]{64}$'),
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  erased boolean not null default false,
  primary key (tenant_id, call_id, seq),
  constraint call_events_head foreign key (tenant_id, call_id) references call_heads (tenant_id, call_id)
    deferrable initially deferred,
  constraint call_events_erased check (
    case when erased then data is null and salt is null
         else data is not null and salt ~ '^[A-Za-z0-9_-]{22}$' end
  )
);

create table call_secrets (
  tenant_id text not null,
  call_id text not null,
  seq integer not null,
  field text not null,
  sealed text not null check (sealed like 'cw1e.%'),
  primary key (tenant_id, call_id, seq, field),
  constraint call_secrets_event
    foreign key (tenant_id, call_id, seq) references call_events (tenant_id, call_id, seq)
    deferrable initially deferred
);

create table media_streams (
  tenant_id text not null,
  id text not null check (app.is_id('str', id)),
  call_id text not null,
  stream_sid text not null,
  sample_rate integer not null check (sample_rate > 0),
  key_salt text not null check (key_salt ~ '^[A-Za-z0-9_-]{22}$'),
  clock_start_ms integer not null default 0 check (clock_start_ms >= 0),
  clock_ms integer not null default 0 check (clock_ms >= 0),
  opened_at timestamptz(3) not null default now(),
  started_at timestamptz(3),
  heartbeat_at timestamptz(3) not null default now(),
  ended_at timestamptz(3),
  frames integer not null default 0 check (frames >= 0),
  audio_ms integer not null default 0 check (audio_ms >= 0),
  duplicated integer not null default 0 check (duplicated >= 0),
  rewound integer not null default 0 check (rewound >= 0),
  gaps jsonb not null default '[]' check (jsonb_typeof(gaps) = 'array'),
  primary key (tenant_id, id),
  constraint media_streams_call foreign key (tenant_id, call_id) references calls (tenant_id, id)
    deferrable initially deferred
);
create index media_streams_of_call on media_streams (tenant_id, call_id);
create index media_streams_open on media_streams (heartbeat_at) where ended_at is null;

create table stream_tokens (
  tenant_id text not null,
  id text not null check (app.is_id('tok', id)),
  token_hash text not null check (token_hash ~ '^[0-9a-f]{64}$'),
  call_id text,
  phone_id text not null,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  burnt_at timestamptz(3),
  primary key (tenant_id, id),
  constraint stream_tokens_call foreign key (tenant_id, call_id) references calls (tenant_id, id)
    deferrable initially deferred,
  constraint stream_tokens_phone foreign key (tenant_id, phone_id) references phones (tenant_id, id)
);
create unique index stream_tokens_hash on stream_tokens (token_hash);
create index stream_tokens_of_call on stream_tokens (tenant_id, call_id);

create table transcriptions (
  tenant_id text not null,
  call_id text not null,
  state text not null default 'pending' check (state in ('pending', 'done')),
  fence integer not null default 0,
  acked_id text not null default '0-0' check (acked_id ~ '^[0-9]+-[0-9]+$'),
  acked_ms integer not null default 0 check (acked_ms >= 0),
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, call_id),
  constraint transcriptions_call foreign key (tenant_id, call_id) references calls (tenant_id, id)
    deferrable initially deferred
);
create index transcriptions_pending on transcriptions (updated_at) where state = 'pending';

create table idempotency_keys (
  tenant_id text not null references tenants,
  route text not null,
  key text not null check (char_length(key) between 1 and 255),
  fingerprint text not null,
  call_id text not null,
  status integer not null check (status between 200 and 599),
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, route, key),
  constraint idempotency_keys_call foreign key (tenant_id, call_id) references calls (tenant_id, id)
    deferrable initially deferred
);

create table callback_inbox (
  tenant_id text not null,
  id text not null check (app.is_id('cbk', id)),
  call_id text not null,
  body_sealed text not null check (body_sealed like 'cw1d.%'),
  received_at timestamptz(3) not null default now(),
  applied_at timestamptz(3),
  outcome text,
  primary key (tenant_id, id),
  constraint callback_inbox_call foreign key (tenant_id, call_id) references calls (tenant_id, id)
    deferrable initially deferred
);
create index callback_inbox_of_call on callback_inbox (tenant_id, call_id);
create index callback_inbox_waiting on callback_inbox (received_at) where applied_at is null;

create table audit_log (
  tenant_id text not null references tenants,
  id text not null check (app.is_id('aud', id)),
  at timestamptz(3) not null default now(),
  actor_kind text not null check (actor_kind in ('user', 'api_key', 'service', 'operator')),
  actor_id text not null,
  action text not null,
  target_kind text,
  target_id text,
  details jsonb not null default '{}' check (jsonb_typeof(details) = 'object'),
  primary key (tenant_id, id)
);
create index audit_log_at on audit_log (tenant_id, at);

-- Refused for everybody, the owner and superusers included, and also when no row would match.
create function app.refuse_change() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
  raise exception 'rows are added here and never changed' using errcode = '42501';
end
$$;
create trigger audit_log_append_only before update or delete or truncate on audit_log
  for each statement execute function app.refuse_change();
alter table audit_log enable always trigger audit_log_append_only;
