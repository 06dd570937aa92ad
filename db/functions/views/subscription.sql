CREATE OR REPLACE VIEW moai.subscription AS
SELECT s.id, s.tenant, s.url, s.event_types, s.format, s.description, s.state, s.state_reason, s.timeout, s.max_attempts,
    s.retry_base, s.retry_factor, s.retry_cap, s.retry_jitter, s.created_at, s.updated_at
FROM moai_private.subscription AS s;
COMMENT ON VIEW moai.subscription IS
'Who receives what, of the tenants that the login acts for; deleted ones too, for the history that names them. Never the secret: creating tells it, once.';
COMMENT ON COLUMN moai.subscription.state_reason IS 'Why it is paused or disabled, if somebody said.';
