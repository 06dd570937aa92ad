CREATE OR REPLACE FUNCTION moai_private.pause_subscription(id uuid, reason text, at timestamptz)
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _old moai_private.subscription := moai_private.lock_subscription(pause_subscription.id);
BEGIN
    IF char_length(pause_subscription.reason) > 1000 THEN
        PERFORM moai_private.fail(422, format('reason is %s characters long, 1000 are allowed', char_length(pause_subscription.reason)),
            NULL, 'Shorten it.');
    END IF;
    UPDATE moai_private.subscription AS s
    SET state = 'paused', state_reason = nullif(pause_subscription.reason, ''), held = true, updated_at = pause_subscription.at
    WHERE s.id = _old.id;
END
$$;
COMMENT ON FUNCTION moai_private.pause_subscription IS 'moai.pause_subscription at a given time.';
