-- A host may answer with any three digits: what it said is kept as it said it, and is no reason for
-- which the outcome of an attempt cannot be written.
-- Run as callwire_owner with search_path app.

alter table webhook_deliveries drop constraint webhook_deliveries_last_status_check;
alter table webhook_deliveries add constraint webhook_deliveries_last_status_check
  check (last_status between 100 and 999);
