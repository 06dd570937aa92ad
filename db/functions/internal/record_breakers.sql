CREATE OR REPLACE FUNCTION moai_private.record_breakers(worker text, changes json, at timestamptz)
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
BEGIN
    -- In the order of the keys, so that two workers never wait for each other in a circle. Of a deleted subscription nothing is kept.
    WITH change AS MATERIALIZED (
        SELECT c.* FROM json_to_recordset(record_breakers.changes) AS c(
            subscription_id uuid, is_open boolean, probe_in_us bigint, consecutive_failures integer, times_opened integer, reason text)
        JOIN moai_private.subscription AS s ON s.id = c.subscription_id AND s.state <> 'deleted'
        ORDER BY c.subscription_id
    ), closed AS (
        DELETE FROM moai_private.endpoint_state AS b USING change AS c WHERE b.subscription_id = c.subscription_id AND NOT c.is_open
    )
    INSERT INTO moai_private.endpoint_state AS b (subscription_id, since, until, consecutive_failures, times_opened, reason, worker)
    SELECT c.subscription_id, record_breakers.at, record_breakers.at + c.probe_in_us * interval '1 microsecond',
        c.consecutive_failures, c.times_opened, left(c.reason, 200), record_breakers.worker
    FROM change AS c WHERE c.is_open
    ON CONFLICT (subscription_id) DO UPDATE
    SET until = excluded.until, consecutive_failures = excluded.consecutive_failures, times_opened = excluded.times_opened,
        reason = excluded.reason, worker = excluded.worker;
END
$$;
COMMENT ON FUNCTION moai_private.record_breakers IS 'moai.record_breakers at a given time.';
