CREATE OR REPLACE VIEW moai.attempt AS
SELECT a.event_id::text || '_' || a.subscription_id::text AS delivery_id,
    a.event_id, a.subscription_id, s.tenant, a.attempt_no, a.started_at, a.recorded_at, a.terminal_state, a.is_orphan,
    a.http_status, a.error_class, a.error_detail, a.next_due_at, a.worker, a.remote_address,
    a.dns_us, a.connect_us, a.tls_us, a.first_byte_us, a.total_us, a.response_bytes, a.response_body, a.lease_token,
    a.url, a.signed_with, a.response_headers
FROM (SELECT * FROM moai_private.attempt UNION ALL SELECT * FROM moai_private.attempt_held) AS a
JOIN moai_private.subscription AS s ON s.id = a.subscription_id;
COMMENT ON VIEW moai.attempt IS 'The delivery log: one row for each HTTP request. Ask by event_id, which is an index probe.';
COMMENT ON COLUMN moai.attempt.attempt_no IS 'From 1, gap-free within a delivery, going on after a redrive; an orphan bears the number it was sent with.';
COMMENT ON COLUMN moai.attempt.terminal_state IS 'Set on the attempt that finished its delivery.';
COMMENT ON COLUMN moai.attempt.is_orphan IS 'The result came after its lease was lost and changed nothing.';
COMMENT ON COLUMN moai.attempt.next_due_at IS 'When the retry that this failure scheduled is due.';
COMMENT ON COLUMN moai.attempt.url IS 'Where it was sent, whatever the subscription says now.';
COMMENT ON COLUMN moai.attempt.signed_with IS 'The key_id of each secret that signed it, newest first, separated by spaces.';
COMMENT ON COLUMN moai.attempt.response_headers IS 'Up to 16 KiB of them, a line each, in the order of their coming; bytes that are no UTF-8 are replaced.';
COMMENT ON COLUMN moai.attempt.response_bytes IS 'How long the response was; response_body holds its beginning, up to 16 KiB.';
