-- Media in full: what a live socket tells of itself, recordings, and how long things are kept.
-- Run as callwire_owner with search_path app.

-- What a tenant sets ---------------------------------------------------------------------------
alter table tenants
  -- Live media sockets at once. Null: no cap.
  add column cap_streams integer check (cap_streams between 1 and 100000),
  -- Days that live audio nobody has read stays in Redis after its last block; 0: one hour.
  add column retain_audio_days integer not null default 0 check (retain_audio_days between 0 and 7),
  -- Days after a call's end. Null: until somebody erases it.
  add column retain_recordings_days integer check (retain_recordings_days between 1 and 3650),
  add column retain_words_days integer check (retain_words_days between 1 and 3650),
  add column retain_numbers_days integer check (retain_numbers_days between 1 and 3650);

-- Live sockets ---------------------------------------------------------------------------------
alter table media_streams
  -- As of the last heartbeat: media messages a second, and audio that Redis has not taken yet.
  add column frames_per_second integer not null default 0 check (frames_per_second >= 0),
  add column buffered_ms integer not null default 0 check (buffered_ms >= 0);
-- The live sockets of a tenant, counted at each handshake where there is a cap.
create index media_streams_live on media_streams (tenant_id) where ended_at is null;

-- Erasure of what a call holds ------------------------------------------------------------------
alter table calls
  alter column person_sealed drop not null,
  alter column person_index drop not null,
  -- When the words and the number of a call were erased.
  add column words_erased_at timestamptz(3),
  add column number_erased_at timestamptz(3),
  add constraint calls_number_erased check (
    case when number_erased_at is null
         then person_sealed is not null and person_index is not null
         else person_sealed is null and person_index is null and metadata_sealed is null end);
-- What still has words or a number, by when its call ended.
create index calls_with_words on calls (tenant_id, ended_at)
  where ended_at is not null and words_erased_at is null;
create index calls_with_number on calls (tenant_id, ended_at)
  where ended_at is not null and number_erased_at is null;

-- Recordings -------------------------------------------------------------------------------------
-- Our own copy of a call's audio. Its key is its own, so that it may live shorter or longer than the
-- words; without the key the objects are noise.
create table recordings (
  tenant_id text not null,
  id text not null check (app.is_id('rec', id)),
  call_id text not null,
  wrapped text check (wrapped like 'cw1k.%'),
  kid text generated always as (
    substring(left(wrapped, 38) from '^cw1k\.([a-z0-9][a-z0-9-]{0,31})\.')) stored,
  -- Up to here on the call's clock, all audio is in a part.
  recorded_ms integer not null default 0 check (recorded_ms >= 0),
  created_at timestamptz(3) not null default now(),
  -- When the call's last audio was recorded.
  finished_at timestamptz(3),
  erased_at timestamptz(3),
  -- When the last object of an erased recording was gone from the store, too.
  removed_at timestamptz(3),
  primary key (tenant_id, id),
  constraint recordings_call foreign key (tenant_id, call_id) references calls (tenant_id, id),
  constraint recordings_erased check ((erased_at is null) = (wrapped is not null)),
  constraint recordings_removed check (removed_at is null or erased_at is not null)
);
create unique index recordings_of_call on recordings (tenant_id, call_id);
create index recordings_kid on recordings (kid, tenant_id, id) where kid is not null;
create index recordings_to_remove on recordings (erased_at)
  where erased_at is not null and removed_at is null;
create index recordings_kept on recordings (tenant_id, created_at) where erased_at is null;

-- One sealed object in the store: the audio of some seconds as a WAV.
create table recording_parts (
  tenant_id text not null,
  recording_id text not null,
  -- Milliseconds on the call's clock.
  from_ms integer not null check (from_ms >= 0),
  to_ms integer not null,
  sample_rate integer not null check (sample_rate > 0),
  object_key text not null check (char_length(object_key) between 1 and 500),
  -- Of the sealed object.
  bytes integer not null check (bytes > 0),
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, recording_id, from_ms),
  constraint recording_parts_recording foreign key (tenant_id, recording_id)
    references recordings (tenant_id, id) on delete cascade,
  constraint recording_parts_order check (to_ms > from_ms)
);

-- The life of keys -----------------------------------------------------------------------------
alter table key_jobs drop constraint key_jobs_place_check;
alter table key_jobs add constraint key_jobs_place_check check (place in (
  'phone_credentials', 'calls.person', 'calls.metadata', 'calls.recording_url', 'call_keys',
  'callback_inbox', 'idempotency_keys', 'never_call', 'webhook_secrets', 'recordings'));
