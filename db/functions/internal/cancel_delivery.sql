CREATE OR REPLACE FUNCTION moai_private.cancel_delivery(id text, at timestamptz)
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _delivery moai_private.delivery := moai_private.lock_delivery(cancel_delivery.id);
BEGIN
    DELETE FROM moai_private.delivery AS d
    WHERE d.event_id = _delivery.event_id AND d.subscription_id = _delivery.subscription_id;
    PERFORM moai_private.record_outcomes(ARRAY[(_delivery.event_id, _delivery.subscription_id, cancel_delivery.at, _delivery.attempt_no,
                                                'cancelled', 'cancelled_by_operator')::moai_private.outcome]);
END
$$;
COMMENT ON FUNCTION moai_private.cancel_delivery IS 'moai.cancel_delivery at a given time.';
