-- Every table of a statement asks for the tenant once, and a search_path of its own costs more than
-- all else in it; whatever it names is named whole instead.
-- Run as callwire_owner with search_path app.

create or replace function app.tenant_id() returns text
language plpgsql stable parallel safe
as $$
declare
  tenant pg_catalog.text := pg_catalog.current_setting('app.tenant', true);
begin
  if tenant is null or pg_catalog.length(tenant) operator(pg_catalog.=) 0 then
    raise exception 'no tenant is set' using errcode = '42501';
  end if;
  return tenant;
end
$$;
