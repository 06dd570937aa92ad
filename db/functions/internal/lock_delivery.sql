CREATE OR REPLACE FUNCTION moai_private.lock_delivery(id text)
    RETURNS moai_private.delivery
    LANGUAGE plpgsql
    VOLATILE
    SET plan_cache_mode = force_custom_plan  -- a generic plan would open every partition
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    _key record := moai_private.read_delivery_id(lock_delivery.id, 'delivery');
    _delivery moai_private.delivery;
    _state moai.delivery_state;
BEGIN
    -- The subscription first: moai_private.resume_subscription counts on finding nobody but claims at the rows it unparks.
    PERFORM FROM moai_private.subscription AS s WHERE s.id = _key.subscription_id FOR SHARE;
    SELECT * INTO _delivery FROM moai_private.delivery AS d
    WHERE d.event_id = _key.event_id AND d.subscription_id = _key.subscription_id FOR UPDATE;
    IF FOUND THEN
        IF _delivery.lease_token IS NOT NULL THEN
            PERFORM moai_private.fail(409, 'delivery is being delivered', format('id = %s, lease ends at %s', lock_delivery.id, _delivery.due_at),
                'Wait for the result of the attempt that is under way, then look again.');
        END IF;
        RETURN _delivery;
    END IF;
    SELECT f.state INTO _state FROM moai_private.delivery_fact AS f
    WHERE f.event_id = _key.event_id AND f.subscription_id = _key.subscription_id AND NOT f.is_open
    ORDER BY f.finished_at DESC, f.attempts DESC LIMIT 1;
    IF NOT FOUND THEN
        PERFORM moai_private.fail(404, 'no such delivery', 'id = ' || lock_delivery.id, 'moai.delivery lists those of your tenants.');
    END IF;
    PERFORM moai_private.fail(409, 'delivery has ended', format('id = %s, state = %s', lock_delivery.id, _state),
        CASE WHEN _state = 'dead' THEN 'Call moai.redrive_dead_letters with its id, unless it was discarded.'
             ELSE 'Publish the event again to have it delivered again.' END);
END
$$;
COMMENT ON FUNCTION moai_private.lock_delivery IS
$$The unfinished delivery of this id, locked, for a change by hand. Raises MO404 (unknown), MO409 (leased, or finished).
Locks: FOR SHARE on its subscription, then FOR UPDATE on the row.$$;
