CREATE OR REPLACE FUNCTION moai_private.claim(
    max_count integer, at timestamptz, in_office boolean DEFAULT false,
    saturated uuid[] DEFAULT '{}', parked_of uuid[] DEFAULT '{}', counts integer[] DEFAULT '{}',
    since timestamptz DEFAULT '-infinity', look_ahead boolean DEFAULT true)
    RETURNS TABLE (
        event_id uuid, subscription_id uuid, lease_token bigint, attempt_no integer,
        event_type text, tenant text, published_at text, payload text,
        url text, format text, secret text, timeout_ms integer, lease_ms integer,
        claimed_at_us bigint, next_due_in_us bigint, overdue_us bigint, max_in_flight integer, rate_limit double precision, method text, headers text, parked integer)
    LANGUAGE plpgsql
    VOLATILE
    -- The queue swings between empty and millions faster than it is analysed, and a plan for the other size costs a factor of 25:
    -- so the one right plan, probes of the indexes, is pinned. jit: the penalties of the switched-off nodes would trigger it.
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
    _token bigint := moai_private.random_token();
    _leased moai_private.leased[];
    _exceptions boolean;
    _parked integer := 0;
    _next_due_in_us bigint;
    _overdue_us bigint;
    _one moai_private.leased;
    _least uuid;
    _greatest uuid;
    _returned integer := 0;
    _held integer := 0;
    _claimed_at_us bigint := (extract(epoch FROM claim.at) * 1000000)::bigint;
BEGIN
    IF cardinality(claim.parked_of) > 0 THEN
        SELECT l.leased, l.exceptions INTO _leased, _exceptions
        FROM moai_private.lease_parked(claim.parked_of, claim.counts, _token, claim.at) AS l;
    ELSIF cardinality(claim.saturated) > 0 THEN
        SELECT l.leased, l.exceptions, l.parked, l.overdue_us INTO _leased, _exceptions, _parked, _overdue_us
        FROM moai_private.lease_past_saturated(claim.max_count, claim.saturated, _token, claim.at, claim.since) AS l;
    ELSE
        WITH due AS MATERIALIZED (
            SELECT d.ctid AS tid, d.subscription_id, d.due_at
            FROM moai_private.delivery AS d
            WHERE d.due_at > claim.since AND d.due_at <= claim.at
            ORDER BY d.due_at
            LIMIT claim.max_count
            FOR UPDATE SKIP LOCKED
        ), leased AS (
            UPDATE moai_private.delivery AS d
            SET due_at = claim.at + moai_private.lease_length(s.timeout),
                lapses = d.lapses + (d.lease_token IS NOT NULL)::integer,
                lease_token = _token,
                parked = false
            FROM due
            -- LIMIT keeps the planner from joining freely: while it takes the table for small, it reads all subscriptions for each batch.
            CROSS JOIN LATERAL (
                SELECT s.state, s.url, s.format, s.timeout, s.max_in_flight, s.rate_limit, s.method, moai_private.header_lines(s.headers) AS headers,
                    CASE WHEN s.old_secrets IS NULL THEN s.secret
                        ELSE moai_private.signing_secrets(s.secret, s.old_secrets, s.old_until, claim.at) END AS secret
                FROM moai_private.subscription AS s WHERE s.id = due.subscription_id LIMIT 1
            ) AS s
            -- By the place of the row just locked. By its key, a planner that takes the table for empty probes with subscription_id alone
            -- (d, due and s are one equivalence class) and reads the subscription's whole backlog for each row: 500 ms a claim.
            WHERE d.ctid = due.tid
            RETURNING d.event_id, d.subscription_id, d.attempt_no, s.state, d.lapses, s.url, s.format, s.secret, s.timeout,
                s.max_in_flight, s.rate_limit, s.method, s.headers, due.due_at AS was_due_at
        )
        SELECT array_agg((l.event_id, l.subscription_id, l.attempt_no, l.state, l.lapses, l.url, l.format, l.secret, l.timeout,
                          l.max_in_flight, l.rate_limit, l.method, l.headers)::moai_private.leased),
               bool_or(l.state <> 'active' OR l.lapses >= 5),
               (extract(epoch FROM claim.at - min(l.was_due_at)) * 1000000)::bigint
        INTO _leased, _exceptions, _overdue_us
        FROM leased AS l;
    END IF;

    -- Leases that this worker alone knows of would come late if it died: the sentinel looks, and sets its timer.
    IF NOT claim.in_office AND (cardinality(_leased) > 0 OR _parked > 0) THEN
        PERFORM moai_private.ring_sentinel();
    END IF;
    IF _exceptions THEN
        _leased := moai_private.set_aside(_leased, claim.at);
    END IF;

    -- After the claim, so that the leases just taken count: whoever sleeps next wakes when the first of them lapses.
    IF claim.look_ahead THEN
        SELECT (extract(epoch FROM d.due_at - claim.at) * 1000000)::bigint INTO _next_due_in_us
        FROM moai_private.delivery AS d
        WHERE d.due_at > claim.since AND d.due_at < 'infinity'
        ORDER BY d.due_at
        LIMIT 1;
    END IF;

    IF cardinality(_leased) > 0 THEN
        FOREACH _one IN ARRAY _leased LOOP
            _least := least(_least, _one.event_id);
            _greatest := greatest(_greatest, _one.event_id);
        END LOOP;
        -- Between the least and the greatest id, which the executor prunes by: of three years of partitions it opens one or two. Planned
        -- once; planning with the two ids in the text of the query prunes earlier and took 220 µs a claim instead of 70.
        -- LIMIT: a probe of the key for each. Joined freely, once the partition has been analysed, the planner reads all events between the
        -- two ids and compares each with each: 56 µs a delivery instead of 6, and the whole history if one of the deliveries is old.
        RETURN QUERY SELECT l.event_id, l.subscription_id, _token, l.attempt_no + 1,
            e.type, e.tenant, to_char(e.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.payload::text,
            l.url, l.format, l.secret,
            (extract(epoch FROM l.timeout) * 1000)::integer,
            (extract(epoch FROM moai_private.lease_length(l.timeout)) * 1000)::integer,
            _claimed_at_us, _next_due_in_us, _overdue_us, l.max_in_flight, l.rate_limit, l.method, l.headers, _parked
        FROM unnest(_leased) AS l
        CROSS JOIN LATERAL (
            SELECT e.type, e.tenant, e.published_at, e.payload FROM moai_private.event AS e
            WHERE e.id = l.event_id AND e.id BETWEEN _least AND _greatest LIMIT 1
        ) AS e;
        GET DIAGNOSTICS _returned = ROW_COUNT;
    END IF;
    IF _returned < coalesce(cardinality(_leased), 0) THEN
        RETURN QUERY SELECT l.event_id, l.subscription_id, _token, l.attempt_no + 1,
            h.type, h.tenant, to_char(h.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), h.payload::text,
            l.url, l.format, l.secret,
            (extract(epoch FROM l.timeout) * 1000)::integer,
            (extract(epoch FROM moai_private.lease_length(l.timeout)) * 1000)::integer,
            _claimed_at_us, _next_due_in_us, _overdue_us, l.max_in_flight, l.rate_limit, l.method, l.headers, _parked
        FROM unnest(_leased) AS l
        CROSS JOIN LATERAL (
            SELECT h.type, h.tenant, h.published_at, h.payload FROM moai_private.event_held AS h WHERE h.id = l.event_id LIMIT 1
        ) AS h;
        GET DIAGNOSTICS _held = ROW_COUNT;
    END IF;
    IF _returned + _held = 0 THEN
        RETURN QUERY SELECT NULL::uuid, NULL::uuid, NULL::bigint, NULL::integer, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            NULL::integer, NULL::integer, _claimed_at_us, _next_due_in_us, _overdue_us, NULL::integer, NULL::double precision, NULL, NULL, _parked;
    END IF;
END
$$;
COMMENT ON FUNCTION moai_private.claim IS 'moai.claim_deliveries at a given time or, where parked_of names subscriptions, moai.claim_parked.';
