-- The tenant whose administrators run the install: at most one, at first the oldest.
-- Run as callwire_owner with search_path app.

alter table tenants add column is_operator boolean not null default false;
create unique index tenants_one_operator on tenants (is_operator) where is_operator;

-- Forced policies show the owner one tenant at a time; this looks at all of them.
alter table tenants no force row level security;
update tenants set is_operator = true
  where tenant_id = (select tenant_id from tenants order by created_at, tenant_id limit 1);
alter table tenants force row level security;
