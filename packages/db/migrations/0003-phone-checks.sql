-- Asking Exotel whether a phone's credentials hold. Run as callwire_owner with search_path app.

create table phone_checks (
  tenant_id text not null,
  id text not null check (app.is_id('chk', id)),
  phone_id text not null,
  state text not null default 'pending' check (state in ('pending', 'ok', 'refused', 'failed')),
  code text check (code ~ '^[a-z][a-z0-9_]*$'),
  message text,
  retry_after_s integer check (retry_after_s >= 0),
  created_at timestamptz(3) not null default now(),
  finished_at timestamptz(3),
  primary key (tenant_id, id),
  constraint phone_checks_phone
    foreign key (tenant_id, phone_id) references phones (tenant_id, id) on delete cascade,
  constraint phone_checks_finished check ((state = 'pending') = (finished_at is null))
);
create index phone_checks_of_phone on phone_checks (tenant_id, phone_id, created_at);
create index phone_checks_by_age on phone_checks (created_at);
