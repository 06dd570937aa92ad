CREATE OR REPLACE FUNCTION moai_private.record_breakers(worker text, changes json, at timestamptz)
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _failing uuid[];
    _details jsonb[];
BEGIN
    -- In the order of the keys, so that two workers never wait for each other in a circle. Of a deleted subscription nothing is kept.
    WITH change AS MATERIALIZED (
        SELECT c.* FROM json_to_recordset(record_breakers.changes) AS c(
            subscription_id uuid, is_open boolean, probe_in_us bigint, consecutive_failures integer, times_opened integer, reason text)
        JOIN moai_private.subscription AS s ON s.id = c.subscription_id AND s.state <> 'deleted'
        ORDER BY c.subscription_id
    ), before AS MATERIALIZED (
        SELECT c.subscription_id, coalesce(bool_or(b.times_opened > 0), false) AS fails
        FROM change AS c LEFT JOIN moai_private.endpoint_state AS b ON b.subscription_id = c.subscription_id
        GROUP BY c.subscription_id
    ), closed AS (
        DELETE FROM moai_private.endpoint_state AS b USING change AS c WHERE b.subscription_id = c.subscription_id AND NOT c.is_open
    ), opened AS (
    INSERT INTO moai_private.endpoint_state AS b (subscription_id, since, until, consecutive_failures, times_opened, reason, worker)
    SELECT c.subscription_id, record_breakers.at, record_breakers.at + c.probe_in_us * interval '1 microsecond',
        c.consecutive_failures, c.times_opened, left(c.reason, 200), record_breakers.worker
    FROM change AS c WHERE c.is_open
    ON CONFLICT (subscription_id) DO UPDATE
    SET until = excluded.until, consecutive_failures = excluded.consecutive_failures, times_opened = excluded.times_opened,
        reason = excluded.reason, worker = excluded.worker
    RETURNING b.subscription_id, b.times_opened, b.consecutive_failures, b.reason
    )
    SELECT array_agg(o.subscription_id), array_agg(jsonb_build_object('consecutive_failures', o.consecutive_failures, 'reason', o.reason))
    INTO _failing, _details
    FROM opened AS o JOIN before AS f ON f.subscription_id = o.subscription_id
    WHERE o.times_opened > 0 AND NOT f.fails;
    IF _failing IS NOT NULL THEN
        PERFORM moai_private.publish_operational('moai.endpoint.failing', _failing, _details);
    END IF;
END
$$;
COMMENT ON FUNCTION moai_private.record_breakers IS 'moai.record_breakers at a given time.';
