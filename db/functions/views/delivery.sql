-- The private views tell every fact there is of a delivery, and the one that stands; the public one adds whose it is.

CREATE OR REPLACE VIEW moai_private.delivery_fact AS
SELECT f.* FROM (
    SELECT d.event_id, d.subscription_id, true AS is_open,
        CASE WHEN d.parked THEN 'parked'
             WHEN d.lease_token IS NOT NULL THEN 'delivering'
             WHEN d.attempt_no > 0 THEN 'retrying'
             ELSE 'pending' END::moai.delivery_state AS state,
        d.attempt_no AS attempts, d.tries_left, d.due_at, NULL::timestamptz AS finished_at,
        NULL::text AS reason, NULL::integer AS http_status, NULL::text AS error_class, NULL::text AS error_detail
    FROM moai_private.delivery AS d
    UNION ALL
    SELECT a.event_id, a.subscription_id, false, a.terminal_state, a.attempt_no, NULL, NULL, a.recorded_at,
        coalesce(a.terminal_reason, CASE a.terminal_state WHEN 'dead' THEN 'exhausted' WHEN 'cancelled' THEN 'subscription_deleted' END),
        a.http_status, a.error_class, a.error_detail
    FROM moai_private.attempt AS a
    UNION ALL
    SELECT a.event_id, a.subscription_id, false, a.terminal_state, a.attempt_no, NULL, NULL, a.recorded_at,
        coalesce(a.terminal_reason, CASE a.terminal_state WHEN 'dead' THEN 'exhausted' WHEN 'cancelled' THEN 'subscription_deleted' END),
        a.http_status, a.error_class, a.error_detail
    FROM moai_private.attempt_held AS a
    UNION ALL
    SELECT o.event_id, o.subscription_id, false, o.state, o.attempt_no, NULL, NULL, o.decided_at, o.reason, NULL, NULL, NULL
    FROM moai_private.outcome AS o
    UNION ALL
    SELECT o.event_id, o.subscription_id, false, o.state, o.attempt_no, NULL, NULL, o.decided_at, o.reason, NULL, NULL, NULL
    FROM moai_private.outcome_held AS o
) AS f
-- Attempts that decided nothing. Said here and not in their two branches: a branch with a condition of its own could not be read in order.
WHERE f.state IS NOT NULL;
COMMENT ON VIEW moai_private.delivery_fact IS
'What is known of each delivery: its row in the queue, if it is unfinished, and each terminal fact; a redriven one has several.';

CREATE OR REPLACE VIEW moai_private.standing_fact AS
-- In the order of the primary keys, backwards, so that the newest ones are read without sorting the history.
SELECT DISTINCT ON (f.event_id, f.subscription_id) f.*
FROM moai_private.delivery_fact AS f
ORDER BY f.event_id DESC, f.subscription_id DESC, f.is_open DESC, f.finished_at DESC, f.attempts DESC;
COMMENT ON VIEW moai_private.standing_fact IS
'One row for each delivery: its row in the queue or, if it is finished, its latest terminal fact.';

CREATE OR REPLACE VIEW moai.delivery AS
SELECT d.event_id::text || '_' || d.subscription_id::text AS id,
    d.event_id, d.subscription_id, s.tenant, e.type AS event_type, d.state, d.attempts, d.tries_left, d.due_at, d.finished_at,
    d.reason, d.http_status, d.error_class, d.error_detail
FROM moai_private.standing_fact AS d
JOIN moai_private.subscription AS s ON s.id = d.subscription_id
LEFT JOIN moai.event AS e ON e.id = d.event_id;
COMMENT ON VIEW moai.delivery IS
'Every delivery, finished and unfinished alike, one row each: what its row in the queue says or, if it is finished, its latest terminal fact. Ask by event_id, which is an index probe; id is computed. SET jit = off before going through the whole history: compiling its many partitions takes longer.';
COMMENT ON COLUMN moai.delivery.id IS 'The event''s id, an underscore, the subscription''s id: what functions and the REST API call it by.';
COMMENT ON COLUMN moai.delivery.attempts IS 'How many requests have a recorded result.';
COMMENT ON COLUMN moai.delivery.tries_left IS 'How many more requests may fail; NULL when finished.';
COMMENT ON COLUMN moai.delivery.due_at IS 'When it is tried next; while delivering, when the lease ends; while parked, infinity or when it is looked at again; NULL when finished.';
COMMENT ON COLUMN moai.delivery.reason IS 'Why it is dead (exhausted, crash_loop, refused) or cancelled (subscription_deleted, cancelled_by_operator).';
COMMENT ON COLUMN moai.delivery.http_status IS 'Of the attempt that finished it. moai.attempt has the others.';
