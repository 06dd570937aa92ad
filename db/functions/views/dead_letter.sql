CREATE OR REPLACE VIEW moai.dead_letter AS
SELECT l.event_id::text || '_' || l.subscription_id::text AS id,
    l.event_id, l.subscription_id, s.tenant, e.type AS event_type, l.dead_at, l.attempt_no AS attempts, l.reason,
    l.http_status, l.error_class, l.error_detail
FROM moai_private.dead_letter AS l
JOIN moai_private.subscription AS s ON s.id = l.subscription_id
LEFT JOIN moai.event AS e ON e.id = l.event_id;
COMMENT ON VIEW moai.dead_letter IS 'Deliveries given up on, until somebody redrives or discards them. Ask by event_id, which is an index probe.';
COMMENT ON COLUMN moai.dead_letter.id IS 'The delivery''s id.';
COMMENT ON COLUMN moai.dead_letter.reason IS 'exhausted: every try failed. crash_loop: five workers in a row died while they held it. refused: the answer was a status that its subscription gives up on.';
COMMENT ON COLUMN moai.dead_letter.http_status IS 'Of the last attempt.';
