CREATE OR REPLACE FUNCTION moai_private.resume_subscription(id uuid, at timestamptz)
    RETURNS integer
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _old moai_private.subscription;
    _released integer;
BEGIN
    -- With one snapshot for the whole transaction, rows that a claim parks while we wait for the lock would stay out of sight, and parked.
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        PERFORM moai_private.fail(422, 'resuming needs a READ COMMITTED transaction',
            'transaction_isolation = ' || quote_literal(current_setting('transaction_isolation')),
            'Call it after BEGIN ISOLATION LEVEL READ COMMITTED, in a transaction of its own.');
    END IF;
    _old := moai_private.lock_subscription(resume_subscription.id);
    UPDATE moai_private.subscription AS s
    SET state = 'active', state_reason = NULL, held = false, updated_at = resume_subscription.at
    WHERE s.id = _old.id;
    PERFORM moai_private.renew_endpoint(_old.id);

    -- SKIP LOCKED: only a claim can hold a parked row now, one that has lapsed. It sees us when we commit, or comes back to the row.
    -- The ramp releases 32 deliveries at once and doubles that each second, so that the endpoint is not knocked over again.
    WITH waiting AS MATERIALIZED (
        SELECT d.event_id
        FROM moai_private.delivery AS d
        WHERE d.subscription_id = _old.id AND d.parked
        ORDER BY d.event_id
        FOR UPDATE SKIP LOCKED
    ), ramp AS (
        SELECT w.event_id, row_number() OVER (ORDER BY w.event_id) - 1 AS k FROM waiting AS w
    )
    UPDATE moai_private.delivery AS d
    SET parked = false, due_at = resume_subscription.at + make_interval(secs => ln(1 + r.k / 32.0::double precision) / ln(2.0::double precision))
    FROM ramp AS r
    WHERE d.event_id = r.event_id AND d.subscription_id = _old.id;
    GET DIAGNOSTICS _released = ROW_COUNT;
    IF _released > 0 THEN
        PERFORM moai_private.ring_sentinel();
    END IF;
    RETURN _released;
END
$$;
COMMENT ON FUNCTION moai_private.resume_subscription IS 'moai.resume_subscription at a given time.';
