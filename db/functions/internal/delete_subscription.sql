CREATE OR REPLACE FUNCTION moai_private.delete_subscription(id uuid, at timestamptz)
    RETURNS integer
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _state moai.subscription_state;
    _last uuid := '00000000-0000-0000-0000-000000000000';
    _outcomes moai_private.outcome[];
    _cancelled integer := 0;
BEGIN
    SELECT s.state INTO _state FROM moai_private.subscription AS s WHERE s.id = delete_subscription.id FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM moai_private.lock_subscription(delete_subscription.id);
    ELSIF _state <> 'deleted' THEN
        UPDATE moai_private.subscription AS s
        SET state = 'deleted', state_reason = NULL, held = true, old_secrets = NULL, old_until = NULL, updated_at = delete_subscription.at
        WHERE s.id = delete_subscription.id;
    END IF;

    DELETE FROM moai_private.endpoint_state AS b WHERE b.subscription_id = delete_subscription.id;
    DELETE FROM moai_private.failing AS f WHERE f.subscription_id = delete_subscription.id;
    -- In steps of 10000, so that the array of outcomes stays small however long the queue is.
    LOOP
        WITH open AS MATERIALIZED (
            SELECT d.event_id
            FROM moai_private.delivery AS d
            WHERE d.subscription_id = delete_subscription.id AND d.lease_token IS NULL AND d.event_id > _last
            ORDER BY d.event_id
            LIMIT 10000
            FOR UPDATE
        ), cancelled AS (
            DELETE FROM moai_private.delivery AS d USING open AS o
            WHERE d.event_id = o.event_id AND d.subscription_id = delete_subscription.id
            RETURNING d.event_id, d.attempt_no
        )
        SELECT array_agg((c.event_id, delete_subscription.id, delete_subscription.at, c.attempt_no,
                          'cancelled', 'subscription_deleted')::moai_private.outcome ORDER BY c.event_id)
        INTO _outcomes FROM cancelled AS c;
        EXIT WHEN _outcomes IS NULL;
        PERFORM moai_private.record_outcomes(_outcomes);
        _cancelled := _cancelled + cardinality(_outcomes);
        _last := _outcomes[cardinality(_outcomes)].event_id;
    END LOOP;
    RETURN _cancelled;
END
$$;
COMMENT ON FUNCTION moai_private.delete_subscription IS 'moai.delete_subscription at a given time.';
