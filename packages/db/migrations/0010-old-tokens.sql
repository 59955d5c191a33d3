-- Tokens of media sockets are forgotten some time after they have expired: by this they are found.
-- Run as callwire_owner with search_path app.

create index stream_tokens_expire on stream_tokens (expires_at);
