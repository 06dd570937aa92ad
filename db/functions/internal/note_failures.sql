CREATE OR REPLACE FUNCTION moai_private.longest_silence(disable_after interval)
    RETURNS interval
    LANGUAGE sql
    IMMUTABLE
    PARALLEL SAFE
-- Two hours: a breaker is open for 5.5 minutes at most, an endpoint that asks to be left alone is for one.
RETURN greatest(longest_silence.disable_after / 2, interval '2 hours');
COMMENT ON FUNCTION moai_private.longest_silence IS
'How long no failure may come before "nothing but failures" begins anew: an endpoint that gets an event a month is not disabled by two of them.';

CREATE OR REPLACE FUNCTION moai_private.note_failures(verdicts moai_private.verdict[], at timestamptz)
    RETURNS void
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
    _failed uuid[] := ARRAY(
        SELECT DISTINCT (v.attempt).subscription_id FROM unnest(note_failures.verdicts) AS v
        WHERE v.verdict IN ('retried', 'dead') AND (v.attempt).error_class NOT IN ('internal', 'lease_expired', 'blocked', 'invalid_request')
        ORDER BY 1);
    _ids uuid[];
    _reasons text[];
BEGIN
    IF cardinality(_failed) = 0 THEN
        RETURN;
    END IF;
    -- Each probe of a key stands in a sub-select that the planner cannot pull up: joined freely, and with the table taken for empty, it reads all
    -- of it for each row. Two batches must not wait for each other in a circle, where one records an endpoint's success and the other its failure: who
    -- finds a row does not insert, what is inserted is in the order of the keys, and nobody waits to remove or to change one.
    INSERT INTO moai_private.failing (subscription_id, since, last)
    SELECT k.id, note_failures.at, note_failures.at
    FROM unnest(_failed) WITH ORDINALITY AS k(id, n)
    CROSS JOIN LATERAL (SELECT s.state, s.disable_after FROM moai_private.subscription AS s WHERE s.id = k.id LIMIT 1) AS s
    WHERE s.disable_after IS NOT NULL AND s.state <> 'deleted'
      AND (SELECT true FROM moai_private.failing AS f WHERE f.subscription_id = k.id LIMIT 1) IS NULL
    ORDER BY k.n
    ON CONFLICT DO NOTHING;

    UPDATE moai_private.failing AS f
    SET last = note_failures.at,
        since = CASE WHEN f.last < note_failures.at - moai_private.longest_silence(k.disable_after) THEN note_failures.at ELSE f.since END
    FROM (
        SELECT f.tid, s.disable_after
        FROM unnest(_failed) AS k(id)
        CROSS JOIN LATERAL (SELECT s.disable_after FROM moai_private.subscription AS s WHERE s.id = k.id LIMIT 1) AS s
        CROSS JOIN LATERAL (
            SELECT f.ctid AS tid FROM moai_private.failing AS f
            WHERE f.subscription_id = k.id AND f.last < note_failures.at - s.disable_after / 10
            LIMIT 1 FOR UPDATE SKIP LOCKED
        ) AS f
    ) AS k
    WHERE f.ctid = k.tid;

    -- Locked: who resumes the subscription or gives it another URL, which both remove the row, waits for us or has done so.
    SELECT array_agg(k.id), array_agg(format('nothing but failures since %s', moai_private.time_text(f.since)))
    INTO _ids, _reasons
    FROM unnest(_failed) AS k(id)
    CROSS JOIN LATERAL (SELECT s.state, s.disable_after FROM moai_private.subscription AS s WHERE s.id = k.id LIMIT 1) AS s
    CROSS JOIN LATERAL (
        SELECT f.since FROM moai_private.failing AS f
        WHERE f.subscription_id = k.id AND f.since <= note_failures.at - s.disable_after
        LIMIT 1 FOR UPDATE SKIP LOCKED
    ) AS f
    WHERE s.state = 'active';
    IF _ids IS NOT NULL THEN
        PERFORM moai_private.disable(_ids, _reasons, note_failures.at);
    END IF;
END
$$;
COMMENT ON FUNCTION moai_private.note_failures IS
$$Notes since when endpoints do nothing but fail, and disables those that have for disable_after: the first of these failures is as old, this is another, and
none of the silences between them was longer than moai_private.longest_silence. Faults of ours, and what our own policy refused, are no failures of theirs. A success
ends it (moai_private.note_successes), as another URL or a resumption does. Locks: rows of moai_private.failing, in the order of their keys where it waits for a first failure
that another batch is noting.$$;

CREATE OR REPLACE FUNCTION moai_private.note_successes(subscription_ids uuid[])
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
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
    -- SKIP LOCKED: see moai_private.note_failures. Who holds it notes a failure of the same moment, or removes it anyway.
    DELETE FROM moai_private.failing AS f
    USING (
        SELECT f.tid
        FROM unnest(note_successes.subscription_ids) AS k(id)
        CROSS JOIN LATERAL (
            SELECT f.ctid AS tid FROM moai_private.failing AS f WHERE f.subscription_id = k.id LIMIT 1 FOR UPDATE SKIP LOCKED
        ) AS f
    ) AS k
    WHERE f.ctid = k.tid;
END
$$;
COMMENT ON FUNCTION moai_private.note_successes IS 'These endpoints have done something else than fail. Locks: rows of moai_private.failing, never waiting for one (SKIP LOCKED).';
