CREATE OR REPLACE FUNCTION moai_private.record_breakers(worker text, changes json, at timestamptz)
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
    SET enable_seqscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    _failing uuid[];
    _details jsonb[];
BEGIN
    -- SKIP LOCKED, and no insert where a row is seen: whoever resumes a subscription removes its row, and may keep the transaction open for an hour, while
    -- the worker claims nothing until we return. Its COMMIT makes what we had to say untrue. What is inserted is in the order of the keys, so that
    -- two workers never wait for each other in a circle. Of a deleted subscription nothing is kept.
    WITH change AS MATERIALIZED (
        SELECT c.* FROM json_to_recordset(record_breakers.changes) AS c(
            subscription_id uuid, is_open boolean, probe_in_us bigint, consecutive_failures integer, times_opened integer, reason text)
        JOIN moai_private.subscription AS s ON s.id = c.subscription_id AND s.state <> 'deleted'
        ORDER BY c.subscription_id
    ), present AS MATERIALIZED (
        SELECT c.*, b.tid, b.times_opened AS times_opened_before
        FROM change AS c
        CROSS JOIN LATERAL (
            SELECT b.ctid AS tid, b.times_opened FROM moai_private.endpoint_state AS b
            WHERE b.subscription_id = c.subscription_id LIMIT 1 FOR UPDATE SKIP LOCKED
        ) AS b
    ), closed AS (
        DELETE FROM moai_private.endpoint_state AS b USING present AS p WHERE b.ctid = p.tid AND NOT p.is_open
    ), opened_again AS (
        UPDATE moai_private.endpoint_state AS b
        SET until = record_breakers.at + p.probe_in_us * interval '1 microsecond', consecutive_failures = p.consecutive_failures,
            times_opened = p.times_opened, reason = left(p.reason, 200), worker = record_breakers.worker
        FROM present AS p
        WHERE b.ctid = p.tid AND p.is_open
        RETURNING b.subscription_id, b.times_opened, b.consecutive_failures, b.reason, p.times_opened_before
    ), opened AS (
        INSERT INTO moai_private.endpoint_state (subscription_id, since, until, consecutive_failures, times_opened, reason, worker)
        SELECT c.subscription_id, record_breakers.at, record_breakers.at + c.probe_in_us * interval '1 microsecond',
            c.consecutive_failures, c.times_opened, left(c.reason, 200), record_breakers.worker
        FROM change AS c
        WHERE c.is_open AND (SELECT true FROM moai_private.endpoint_state AS b WHERE b.subscription_id = c.subscription_id LIMIT 1) IS NULL
        ON CONFLICT DO NOTHING
        RETURNING subscription_id, times_opened, consecutive_failures, reason, 0 AS times_opened_before
    )
    SELECT array_agg(o.subscription_id), array_agg(jsonb_build_object('consecutive_failures', o.consecutive_failures, 'reason', o.reason))
    INTO _failing, _details
    FROM (SELECT * FROM opened UNION ALL SELECT * FROM opened_again) AS o
    WHERE o.times_opened > 0 AND o.times_opened_before = 0;
    IF _failing IS NOT NULL THEN
        PERFORM moai_private.publish_operational('moai.endpoint.failing', _failing, _details);
    END IF;
END
$$;
COMMENT ON FUNCTION moai_private.record_breakers IS 'moai.record_breakers at a given time.';
