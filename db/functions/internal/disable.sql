CREATE OR REPLACE FUNCTION moai_private.disable(ids uuid[], reasons text[], at timestamptz)
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _disabled uuid[];
    _details jsonb[];
BEGIN
    -- SKIP LOCKED: whoever holds a subscription may wait for the rows of the queue that we hold. The next failure comes by then.
    WITH disabled AS (
        UPDATE moai_private.subscription AS s
        SET state = 'disabled', state_reason = g.reason, held = true, updated_at = disable.at
        FROM (
            SELECT s.id, w.reason
            FROM unnest(disable.ids, disable.reasons) AS w(id, reason)
            JOIN moai_private.subscription AS s ON s.id = w.id
            WHERE s.state = 'active'
            ORDER BY s.id
            FOR UPDATE OF s SKIP LOCKED
        ) AS g
        WHERE s.id = g.id
        RETURNING s.id, s.state_reason
    )
    SELECT array_agg(d.id ORDER BY d.id), array_agg(jsonb_build_object('reason', d.state_reason) ORDER BY d.id)
    INTO _disabled, _details FROM disabled AS d;
    IF _disabled IS NULL THEN
        RETURN;
    END IF;
    PERFORM moai_private.note_successes(_disabled);  -- what it is to come back to begins anew
    PERFORM moai_private.publish_operational('moai.subscription.disabled', _disabled, _details);
END
$$;
COMMENT ON FUNCTION moai_private.disable IS
$$Disables those of these subscriptions that are active, each for its reason, and publishes moai.subscription.disabled: their deliveries wait, parked, until
moai.resume_subscription or the end. Locks: these subscriptions FOR UPDATE, skipping locked ones.$$;
