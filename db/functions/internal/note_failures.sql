CREATE OR REPLACE FUNCTION moai_private.note_failures(verdicts moai_private.verdict[], at timestamptz)
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
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
    -- Two batches must not wait for each other in a circle, where one records an endpoint's success and the other its failure: who finds a row does not
    -- insert, what is inserted is in the order of the keys, and nobody waits to remove or to change one.
    INSERT INTO moai_private.failing (subscription_id, since, last)
    SELECT s.id, note_failures.at, note_failures.at
    FROM moai_private.subscription AS s
    WHERE s.id = ANY (_failed) AND s.disable_after IS NOT NULL
      AND NOT EXISTS (SELECT FROM moai_private.failing AS f WHERE f.subscription_id = s.id)
    ORDER BY s.id
    ON CONFLICT DO NOTHING;

    UPDATE moai_private.failing AS f
    SET last = note_failures.at, since = CASE WHEN f.last < note_failures.at - k.disable_after / 2 THEN note_failures.at ELSE f.since END
    FROM (
        SELECT f.subscription_id, s.disable_after
        FROM moai_private.failing AS f
        JOIN moai_private.subscription AS s ON s.id = f.subscription_id
        WHERE f.subscription_id = ANY (_failed) AND f.last < note_failures.at - s.disable_after / 10
        FOR UPDATE OF f SKIP LOCKED
    ) AS k
    WHERE f.subscription_id = k.subscription_id;

    SELECT array_agg(f.subscription_id),
        array_agg(format('nothing but failures since %s', moai_private.time_text(f.since)))
    INTO _ids, _reasons
    FROM moai_private.failing AS f
    JOIN moai_private.subscription AS s ON s.id = f.subscription_id
    WHERE f.subscription_id = ANY (_failed) AND f.since <= note_failures.at - s.disable_after AND s.state = 'active';
    IF _ids IS NOT NULL THEN
        PERFORM moai_private.disable(_ids, _reasons, note_failures.at);
    END IF;
END
$$;
COMMENT ON FUNCTION moai_private.note_failures IS
$$Notes since when endpoints do nothing but fail, and disables those that have for disable_after: the first of these failures is as old, this is another, and
no half of that time was without one. Faults of ours, and what our own policy refused, are no failures of theirs. A success ends it (moai_private.note_successes),
as another URL or a resumption does. Locks: none that others wait for.$$;

CREATE OR REPLACE FUNCTION moai_private.note_successes(subscription_ids uuid[])
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
BEGIN
    DELETE FROM moai_private.failing AS f
    USING (
        SELECT f.subscription_id FROM moai_private.failing AS f
        WHERE f.subscription_id = ANY (note_successes.subscription_ids)
        FOR UPDATE SKIP LOCKED
    ) AS k
    WHERE f.subscription_id = k.subscription_id;
END
$$;
COMMENT ON FUNCTION moai_private.note_successes IS 'These endpoints have done something else than fail. Locks: none that others wait for.';
