CREATE OR REPLACE FUNCTION moai_private.lease_past_saturated(
    max_count integer, saturated uuid[], token bigint, at timestamptz, since timestamptz,
    OUT leased moai_private.leased[], OUT exceptions boolean, OUT parked integer, OUT overdue_us bigint)
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
DECLARE
    _look integer;
    _moved integer := 150;
    _seen integer;
    _last timestamptz;
    _free tid[];
    _full tid[];
    _newer_free tid[];
BEGIN
    -- Some of the oldest tell whether it is worth looking at as many as may be leased.
    FOREACH _look IN ARRAY ARRAY[100, greatest(lease_past_saturated.max_count, 150)] LOOP
        SELECT count(*), max(f.due_at),
               coalesce(array_agg(f.tid) FILTER (WHERE f.subscription_id <> ALL (lease_past_saturated.saturated)), '{}'),
               coalesce(array_agg(f.tid) FILTER (WHERE f.subscription_id = ANY (lease_past_saturated.saturated)), '{}')
        INTO _seen, _last, _free, _full
        FROM (
            SELECT d.ctid AS tid, d.subscription_id, d.due_at
            FROM moai_private.delivery AS d
            WHERE d.due_at > lease_past_saturated.since AND d.due_at <= lease_past_saturated.at
            ORDER BY d.due_at
            LIMIT _look
        ) AS f;
        EXIT WHEN _seen < _look OR cardinality(_free) = 0;
    END LOOP;

    -- Where a backlog of the saturated fills the front of the queue the others' are at its end: looked at from there, they need not wait
    -- until all of it is moved. The saturated among them are left for later claims, which come to them from the front.
    IF _seen = _look AND cardinality(_free) < lease_past_saturated.max_count THEN
        -- Moving a row takes 25 to 50 µs, which the fresh ones wait for. With others among the oldest all are late, and moving many gets
        -- to more of them; without, nobody waits for the backlog to go.
        IF cardinality(_free) = 0 THEN
            _moved := 20;
        END IF;
        SELECT coalesce(array_agg(f.tid) FILTER (WHERE f.subscription_id <> ALL (lease_past_saturated.saturated)), '{}')
        INTO _newer_free
        FROM (
            SELECT d.ctid AS tid, d.subscription_id
            FROM moai_private.delivery AS d
            WHERE d.due_at <= lease_past_saturated.at AND d.due_at > _last
            ORDER BY d.due_at DESC
            LIMIT least(lease_past_saturated.max_count - cardinality(_free), 100)
        ) AS f;
    END IF;

    -- By their places, as in moai_private.claim. Nothing was locked until now: what has moved since drops out, and what stands in its place
    -- is judged by what it is.
    WITH due AS MATERIALIZED (
        SELECT d.ctid AS tid, d.subscription_id, d.due_at
        FROM unnest((_free || _newer_free)[:lease_past_saturated.max_count] || _full[:_moved]) AS p(tid)
        JOIN moai_private.delivery AS d ON d.ctid = p.tid
        WHERE d.due_at <= lease_past_saturated.at
        FOR UPDATE OF d SKIP LOCKED
    ), judged AS MATERIALIZED (
        -- What cannot be sent for another reason is leased, for moai_private.set_aside.
        SELECT due.tid, due.due_at, s.timeout, s.state, s.url, s.format, s.secret, s.max_in_flight, s.rate_limit, s.method, s.headers,
            s.state = 'active' AND due.subscription_id = ANY (lease_past_saturated.saturated) AS park
        FROM due
        -- LIMIT as in moai_private.claim.
        CROSS JOIN LATERAL (
            SELECT s.timeout, s.state, s.url, s.format, s.max_in_flight, s.rate_limit, s.method, moai_private.header_lines(s.headers) AS headers,
                CASE WHEN s.old_secrets IS NULL THEN s.secret
                    ELSE moai_private.signing_secrets(s.secret, s.old_secrets, s.old_until, lease_past_saturated.at) END AS secret
            FROM moai_private.subscription AS s WHERE s.id = due.subscription_id LIMIT 1
        ) AS s
    ), moved AS (
        UPDATE moai_private.delivery AS d
        SET due_at = lease_past_saturated.at
                + CASE WHEN j.park THEN moai_private.parking_length(random()) ELSE moai_private.lease_length(j.timeout) END,
            lapses = d.lapses + (d.lease_token IS NOT NULL)::integer,
            lease_token = CASE WHEN NOT j.park THEN lease_past_saturated.token END,
            parked = j.park
        FROM judged AS j
        WHERE d.ctid = j.tid
        RETURNING d.event_id, d.subscription_id, d.attempt_no, j.state, d.lapses, j.url, j.format, j.secret, j.timeout,
            j.max_in_flight, j.rate_limit, j.method, j.headers, j.park, j.due_at AS was_due_at
    )
    SELECT array_agg((m.event_id, m.subscription_id, m.attempt_no, m.state, m.lapses, m.url, m.format, m.secret, m.timeout,
                      m.max_in_flight, m.rate_limit, m.method, m.headers)::moai_private.leased) FILTER (WHERE NOT m.park),
           bool_or(m.state <> 'active' OR m.lapses >= 5) FILTER (WHERE NOT m.park),
           count(*) FILTER (WHERE m.park),
           (extract(epoch FROM lease_past_saturated.at - min(m.was_due_at)) * 1000000)::bigint
    INTO lease_past_saturated.leased, lease_past_saturated.exceptions, lease_past_saturated.parked, lease_past_saturated.overdue_us
    FROM moved AS m;
END
$$;
COMMENT ON FUNCTION moai_private.lease_past_saturated IS
$$The leases of a claim by a worker that has no room for some subscriptions: of what is due it parks theirs and leases the others', looking at
the 100 oldest, as many as it may lease if others' are among them, and the 100 newest, whatever waits. exceptions: some of the leased are for moai_private.set_aside. overdue_us: how long the first of all these had been due. Locks: rows of the queue (SKIP LOCKED).$$;
