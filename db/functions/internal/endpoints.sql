CREATE OR REPLACE FUNCTION moai_private.endpoints(at timestamptz)
    RETURNS TABLE (
        subscription_id uuid, url text, max_in_flight integer, rate_limit double precision, has_parked boolean,
        probe_in_us bigint, consecutive_failures integer, times_opened integer, reason text)
    LANGUAGE plpgsql
    STABLE
    -- Pinned for the reasons that moai_private.claim gives.
    SET enable_seqscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    SET enable_bitmapscan = off
    SET enable_sort = off
    SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    -- From one subscription of the index to the next, so that a million parked rows of one cost a probe.
    RETURN QUERY
    WITH RECURSIVE parked AS (
        (SELECT d.subscription_id AS id FROM moai_private.delivery AS d WHERE d.parked ORDER BY d.subscription_id, d.event_id LIMIT 1)
        UNION ALL
        SELECT (SELECT d.subscription_id FROM moai_private.delivery AS d
                WHERE d.parked AND d.subscription_id > p.id ORDER BY d.subscription_id, d.event_id LIMIT 1)
        FROM parked AS p WHERE p.id IS NOT NULL
    ), known AS (
        SELECT k.id, bool_or(k.has_parked) AS has_parked
        FROM (SELECT p.id, true AS has_parked FROM parked AS p UNION ALL SELECT b.subscription_id, false FROM moai_private.endpoint_state AS b) AS k
        GROUP BY k.id
    )
    SELECT s.id, s.url, s.max_in_flight, s.rate_limit, k.has_parked,
        (extract(epoch FROM b.until - endpoints.at) * 1000000)::bigint, b.consecutive_failures, b.times_opened, b.reason
    FROM known AS k
    JOIN moai_private.subscription AS s ON s.id = k.id AND s.state = 'active'
    LEFT JOIN moai_private.endpoint_state AS b ON b.subscription_id = s.id;
END
$$;
COMMENT ON FUNCTION moai_private.endpoints IS 'moai.endpoints at a given time.';
