CREATE OR REPLACE FUNCTION moai_private.lease_parked(
    subscription_ids uuid[], counts integer[], token bigint, at timestamptz, OUT leased moai_private.leased[], OUT exceptions boolean)
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
    WITH waiting AS MATERIALIZED (
        SELECT p.tid, s.timeout, s.state, s.url, s.format, s.max_in_flight, s.rate_limit, s.method, moai_private.header_lines(s.headers) AS headers,
            CASE WHEN s.old_secrets IS NULL THEN s.secret
                ELSE moai_private.signing_secrets(s.secret, s.old_secrets, s.old_until, lease_parked.at) END AS secret
        FROM unnest(lease_parked.subscription_ids, lease_parked.counts) AS w(id, n)
        -- Those of a paused one wait for moai.resume_subscription.
        JOIN moai_private.subscription AS s ON s.id = w.id AND s.state = 'active'
        CROSS JOIN LATERAL (
            SELECT d.ctid AS tid
            FROM moai_private.delivery AS d
            WHERE d.subscription_id = w.id AND d.parked
            ORDER BY d.event_id
            LIMIT w.n
            FOR UPDATE SKIP LOCKED
        ) AS p
    ), moved AS (
        UPDATE moai_private.delivery AS d
        SET due_at = lease_parked.at + moai_private.lease_length(w.timeout), lease_token = lease_parked.token, parked = false
        FROM waiting AS w
        WHERE d.ctid = w.tid
        RETURNING d.event_id, d.subscription_id, d.attempt_no, w.state, d.lapses, w.url, w.format, w.secret, w.timeout, w.max_in_flight, w.rate_limit,
            w.method, w.headers
    )
    SELECT array_agg((m.event_id, m.subscription_id, m.attempt_no, m.state, m.lapses, m.url, m.format, m.secret, m.timeout,
                      m.max_in_flight, m.rate_limit, m.method, m.headers)::moai_private.leased ORDER BY m.event_id),
           bool_or(m.lapses >= 5)
    INTO lease_parked.leased, lease_parked.exceptions
    FROM moved AS m;
END
$$;
COMMENT ON FUNCTION moai_private.lease_parked IS
$$Leases the oldest parked deliveries of active subscriptions, up to counts[i] of subscription_ids[i]. exceptions: some of them are for
moai_private.set_aside. Locks: rows of the queue, never waiting for one (SKIP LOCKED).$$;
