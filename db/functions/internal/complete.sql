CREATE OR REPLACE FUNCTION moai_private.complete(worker text, results json, at timestamptz)
    RETURNS TABLE (delivered integer, retried integer, dead_lettered integer, released integer, orphaned integer, next_due_in_us bigint)
    LANGUAGE plpgsql
    VOLATILE
    -- Pinned for the reasons that moai_private.claim gives.
    SET enable_seqscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    SET enable_bitmapscan = off
    SET enable_material = off
    SET plan_cache_mode = force_generic_plan
    SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    WITH result AS MATERIALIZED (
        SELECT row_number() OVER () AS n, r.* FROM json_to_recordset(complete.results) AS r(
            event_id uuid, subscription_id uuid, lease_token bigint, attempt_no integer, outcome text, started_at_us bigint,
            http_status integer, error_class text, error_detail text, remote_address text, response_body text, response_bytes bigint,
            dns_us integer, connect_us integer, tls_us integer, first_byte_us integer, total_us integer)
    ), owned AS MATERIALIZED (
        -- The lock re-reads a row that another session has just changed, so a token that has moved on drops out here.
        SELECT r.*, d.attempt_no + 1 AS next_attempt_no, d.tries_left, s.state, s.max_attempts,
            s.retry_base, s.retry_factor, s.retry_cap, s.retry_jitter
        FROM result AS r
        JOIN moai_private.delivery AS d ON d.event_id = r.event_id AND d.subscription_id = r.subscription_id
        -- LATERAL with LIMIT: a plain join lets the planner start from s and probe d with half of its key (see moai_private.claim).
        CROSS JOIN LATERAL (SELECT s.* FROM moai_private.subscription AS s WHERE s.id = d.subscription_id LIMIT 1) AS s
        WHERE d.lease_token = r.lease_token
        ORDER BY d.event_id, d.subscription_id
        FOR UPDATE OF d
    ), decided AS MATERIALIZED (
        SELECT o.*,
            CASE WHEN o.outcome IN ('delivered', 'released') THEN o.outcome
                 WHEN o.state = 'deleted' THEN 'cancelled'
                 WHEN o.tries_left > 1 THEN 'retried'
                 ELSE 'dead' END AS verdict,
            CASE WHEN o.outcome = 'failed'
                 THEN complete.at + moai_private.retry_delay(greatest(o.max_attempts - o.tries_left + 1, 1),
                     o.retry_base, o.retry_factor, o.retry_cap, o.retry_jitter, random())
                 ELSE complete.at END AS next_due_at
        FROM owned AS o
    ), finished AS (
        DELETE FROM moai_private.delivery AS d USING decided AS o
        WHERE d.event_id = o.event_id AND d.subscription_id = o.subscription_id AND o.verdict IN ('delivered', 'dead', 'cancelled')
    ), kept AS (
        UPDATE moai_private.delivery AS d
        SET due_at = o.next_due_at, lease_token = NULL, lapses = 0,
            attempt_no = CASE WHEN o.verdict = 'retried' THEN o.next_attempt_no ELSE d.attempt_no END,
            tries_left = d.tries_left - (o.verdict = 'retried')::integer
        FROM decided AS o
        WHERE d.event_id = o.event_id AND d.subscription_id = o.subscription_id AND o.verdict IN ('retried', 'released')
    ), buried AS (
        INSERT INTO moai_private.dead_letter (event_id, subscription_id, dead_at, attempt_no, reason, http_status, error_class, error_detail)
        SELECT o.event_id, o.subscription_id, complete.at, o.next_attempt_no, 'exhausted', o.http_status, o.error_class, o.error_detail
        FROM decided AS o WHERE o.verdict = 'dead'
    ), attempt AS MATERIALIZED (
        SELECT o.event_id, o.subscription_id, o.lease_token, o.started_at_us, o.next_attempt_no AS attempt_no, o.http_status,
            CASE WHEN o.verdict <> 'retried' THEN o.verdict::moai.delivery_state END AS terminal_state,
            false AS is_orphan, o.error_class, o.error_detail,
            CASE WHEN o.verdict = 'retried' THEN o.next_due_at END AS next_due_at,
            o.remote_address, o.dns_us, o.connect_us, o.tls_us, o.first_byte_us, o.total_us, o.response_bytes, o.response_body
        FROM decided AS o WHERE o.verdict <> 'released'
        UNION ALL
        SELECT r.event_id, r.subscription_id, r.lease_token, r.started_at_us, r.attempt_no, r.http_status,
            NULL, true, r.error_class, r.error_detail,
            NULL,
            r.remote_address, r.dns_us, r.connect_us, r.tls_us, r.first_byte_us, r.total_us, r.response_bytes, r.response_body
        FROM result AS r WHERE r.outcome <> 'released' AND r.n NOT IN (SELECT o.n FROM decided AS o)
    ), logged AS (
        -- A result that is recorded already (its first COMMIT was not heard) meets its own row.
        INSERT INTO moai_private.attempt
        SELECT a.event_id, a.subscription_id, a.lease_token, to_timestamp(a.started_at_us / 1000000.0), complete.at, a.attempt_no,
            a.http_status, a.terminal_state, a.is_orphan, a.error_class, a.error_detail, a.next_due_at, complete.worker, a.remote_address,
            a.dns_us, a.connect_us, a.tls_us, a.first_byte_us, a.total_us, a.response_bytes, decode(a.response_body, 'base64')
        FROM attempt AS a WHERE NOT EXISTS (SELECT FROM moai_private.event_held AS h WHERE h.id = a.event_id)
        ON CONFLICT DO NOTHING
        RETURNING is_orphan
    ), logged_held AS (
        INSERT INTO moai_private.attempt_held
        SELECT a.event_id, a.subscription_id, a.lease_token, to_timestamp(a.started_at_us / 1000000.0), complete.at, a.attempt_no,
            a.http_status, a.terminal_state, a.is_orphan, a.error_class, a.error_detail, a.next_due_at, complete.worker, a.remote_address,
            a.dns_us, a.connect_us, a.tls_us, a.first_byte_us, a.total_us, a.response_bytes, decode(a.response_body, 'base64')
        FROM attempt AS a WHERE EXISTS (SELECT FROM moai_private.event_held AS h WHERE h.id = a.event_id)
        ON CONFLICT DO NOTHING
        RETURNING is_orphan
    )
    SELECT count(*) FILTER (WHERE o.verdict = 'delivered'),
           count(*) FILTER (WHERE o.verdict = 'retried'),
           count(*) FILTER (WHERE o.verdict = 'dead'),
           count(*) FILTER (WHERE o.verdict = 'released'),
           (SELECT count(*) FROM logged WHERE is_orphan) + (SELECT count(*) FROM logged_held WHERE is_orphan)
    INTO complete.delivered, complete.retried, complete.dead_lettered, complete.released, complete.orphaned
    FROM decided AS o;

    SELECT (extract(epoch FROM d.due_at - complete.at) * 1000000)::bigint INTO complete.next_due_in_us
    FROM moai_private.delivery AS d
    WHERE d.due_at < 'infinity'
    ORDER BY d.due_at
    LIMIT 1;

    -- A due time known to this worker alone would be late if the worker died: the others look, and set their timers.
    IF complete.retried + complete.released > 0 THEN
        PERFORM moai_private.ring_workers();
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION moai_private.complete IS 'moai.complete_deliveries at a given time.';
