CREATE OR REPLACE FUNCTION moai_private.set_aside(leased moai_private.leased[], at timestamptz)
    RETURNS moai_private.leased[]
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _held uuid[];
    _resumed uuid[];
    _outcomes moai_private.outcome[];
BEGIN
    -- Before the outcomes, as moai_private.retire_partitions does: what is told of a dead letter is an event.
    LOCK TABLE ONLY moai_private.event IN ACCESS SHARE MODE;
    -- Resuming locks the subscription, then unparks its rows: under this lock either we see it resumed, or it sees our rows parked.
    -- SKIP LOCKED: whoever changes the subscription may be waiting for rows that we have just leased, or keep its transaction open
    -- for an hour. Its rows are then parked for a second, and looked at again.
    WITH looked AS (
        SELECT s.id, s.state FROM moai_private.subscription AS s
        WHERE s.id IN (SELECT l.subscription_id FROM unnest(set_aside.leased) AS l WHERE l.state IN ('paused', 'disabled'))
        ORDER BY s.id
        FOR SHARE SKIP LOCKED
    )
    SELECT coalesce(array_agg(s.id) FILTER (WHERE s.state IN ('paused', 'disabled')), '{}'),
           coalesce(array_agg(s.id) FILTER (WHERE s.state = 'active'), '{}')
    INTO _held, _resumed FROM looked AS s;

    UPDATE moai_private.delivery AS d
    SET parked = true, lease_token = NULL, lapses = 0,
        due_at = CASE WHEN l.subscription_id = ANY (_held) THEN 'infinity' ELSE set_aside.at + interval '1 second' END
    FROM unnest(set_aside.leased) AS l
    WHERE d.event_id = l.event_id AND d.subscription_id = l.subscription_id
      AND l.state IN ('paused', 'disabled') AND l.subscription_id <> ALL (_resumed);

    WITH cancelled AS (
        DELETE FROM moai_private.delivery AS d
        USING unnest(set_aside.leased) AS l
        WHERE d.event_id = l.event_id AND d.subscription_id = l.subscription_id AND l.state = 'deleted'
        RETURNING d.event_id, d.subscription_id, d.attempt_no
    )
    SELECT array_agg((c.event_id, c.subscription_id, set_aside.at, c.attempt_no, 'cancelled', 'subscription_deleted')::moai_private.outcome)
    INTO _outcomes FROM cancelled AS c;
    PERFORM moai_private.record_outcomes(_outcomes);

    WITH crashed AS (
        DELETE FROM moai_private.delivery AS d
        USING unnest(set_aside.leased) AS l
        WHERE d.event_id = l.event_id AND d.subscription_id = l.subscription_id
          AND l.lapses >= 5 AND (l.state = 'active' OR l.subscription_id = ANY (_resumed))
        RETURNING d.event_id, d.subscription_id, d.attempt_no
    ), buried AS (
        INSERT INTO moai_private.dead_letter (event_id, subscription_id, dead_at, attempt_no, reason)
        SELECT c.event_id, c.subscription_id, set_aside.at, c.attempt_no, 'crash_loop' FROM crashed AS c
    )
    SELECT array_agg((c.event_id, c.subscription_id, set_aside.at, c.attempt_no, 'dead', 'crash_loop')::moai_private.outcome)
    INTO _outcomes FROM crashed AS c;
    PERFORM moai_private.record_outcomes(_outcomes);
    IF cardinality(_outcomes) > 0 THEN
        PERFORM moai_private.tell_dead_letters(array_agg(o.event_id), array_agg(o.subscription_id)) FROM unnest(_outcomes) AS o;
    END IF;

    RETURN (SELECT array_agg(l) FROM unnest(set_aside.leased) AS l
            WHERE l.lapses < 5 AND (l.state = 'active' OR l.subscription_id = ANY (_resumed)));
END
$$;
COMMENT ON FUNCTION moai_private.set_aside IS
$$What a claim leased and must not send: parks rows of paused and disabled subscriptions, cancels those of deleted ones, and dead-letters
as crash_loop those whose lease lapsed five times in a row. Returns the rest. Locks: FOR SHARE on the paused subscriptions, never waiting for one (SKIP LOCKED).$$;
