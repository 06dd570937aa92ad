CREATE OR REPLACE FUNCTION moai_private.retry_delivery(id text, at timestamptz)
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _delivery moai_private.delivery := moai_private.lock_delivery(retry_delivery.id);
    _state moai.subscription_state := (SELECT s.state FROM moai_private.subscription AS s WHERE s.id = _delivery.subscription_id);
BEGIN
    IF _state IN ('paused', 'disabled') THEN
        PERFORM moai_private.fail(409, format('subscription is %s', _state),
            format('id = %s, subscription = %s', retry_delivery.id, _delivery.subscription_id),
            'Call moai.resume_subscription: it releases the deliveries that wait.');
    END IF;
    UPDATE moai_private.delivery AS d
    SET due_at = retry_delivery.at, parked = false
    WHERE d.event_id = _delivery.event_id AND d.subscription_id = _delivery.subscription_id;
    PERFORM moai_private.ring_sentinel();
END
$$;
COMMENT ON FUNCTION moai_private.retry_delivery IS 'moai.retry_delivery at a given time.';
