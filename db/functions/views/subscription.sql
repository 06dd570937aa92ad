CREATE OR REPLACE VIEW moai.subscription AS
SELECT s.id, s.tenant, s.url, s.event_types, s.format, s.description, s.state, s.state_reason, s.timeout, s.max_attempts,
    s.retry_base, s.retry_factor, s.retry_cap, s.retry_jitter, s.created_at, s.updated_at,
    s.max_in_flight, s.rate_limit,
    CASE WHEN b.until IS NULL THEN 'closed' WHEN b.until > statement_timestamp() THEN 'open' ELSE 'half_open' END AS breaker,
    b.since AS breaker_since, b.until AS breaker_until, b.consecutive_failures, b.reason AS breaker_reason,
    (SELECT max(u) FROM unnest(s.old_until) AS u WHERE u > statement_timestamp()) AS old_secrets_until,
    s.disable_after, f.since AS failing_since, s.method, moai_private.shown_headers(s.headers) AS headers,
    moai_private.public_key(s.secret) AS public_key, moai_private.key_id(s.secret) AS key_id,
    s.retry_schedule, s.give_up_on
FROM moai_private.subscription AS s
LEFT JOIN moai_private.endpoint_state AS b ON b.subscription_id = s.id
LEFT JOIN moai_private.failing AS f ON f.subscription_id = s.id;
COMMENT ON VIEW moai.subscription IS
'Who receives what, of the tenants that the login acts for; deleted ones too, for the history that names them. Never the secret: creating tells it, once.';
COMMENT ON COLUMN moai.subscription.state_reason IS 'Why it is paused, if somebody said, or disabled.';
COMMENT ON COLUMN moai.subscription.max_in_flight IS 'Requests in flight at once, for each worker process; NULL: what the worker allows.';
COMMENT ON COLUMN moai.subscription.rate_limit IS 'Requests per second, for each worker process; NULL: no limit.';
COMMENT ON COLUMN moai.subscription.old_secrets_until IS 'Until when a replaced secret signs beside the present one; NULL: none does.';
COMMENT ON COLUMN moai.subscription.headers IS 'Headers of its own; *** in the place of a value whose name sounds of a secret. NULL: none.';
COMMENT ON COLUMN moai.subscription.public_key IS 'What receivers verify with where an ed25519 key signs; NULL: a secret does, which they share.';
COMMENT ON COLUMN moai.subscription.key_id IS 'A name of its present secret, which tells nothing of it: moai.attempt.signed_with has it.';
COMMENT ON COLUMN moai.subscription.retry_schedule IS 'The delay before each retry, which retry_jitter may lengthen; NULL: retry_base, retry_factor and retry_cap say.';
COMMENT ON COLUMN moai.subscription.give_up_on IS 'Statuses after which a delivery is not tried again: it is a dead letter; NULL: none.';
COMMENT ON COLUMN moai.subscription.disable_after IS 'After so long of nothing but failures it is disabled; NULL: never.';
COMMENT ON COLUMN moai.subscription.failing_since IS 'Since when nothing but failures was recorded; NULL: the last result was none, or it is never disabled for them.';
COMMENT ON COLUMN moai.subscription.breaker IS 'open: the endpoint failed too often, or asked to be left alone, and its deliveries wait. half_open: one of them is tried. closed: all is well.';
COMMENT ON COLUMN moai.subscription.breaker_until IS 'When a delivery is tried next.';
COMMENT ON COLUMN moai.subscription.consecutive_failures IS 'How many requests in a row had failed when it opened.';
COMMENT ON COLUMN moai.subscription.breaker_reason IS 'The last of these failures.';
