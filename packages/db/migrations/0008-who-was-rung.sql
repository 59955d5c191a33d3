-- Whom an attempt rang first, as Exotel's list shows it: an agent's number, or '' for the other
-- person, whose number is sealed elsewhere. Agents are changed and deleted while it is still being
-- found out what became of a call. Null in rows whose last attempt is older than this column.
-- Run as callwire_owner with search_path app.

alter table calls add column rang_first text;
