CREATE OR REPLACE FUNCTION moai_private.lock_subscription(id uuid)
    RETURNS moai_private.subscription
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _subscription moai_private.subscription;
BEGIN
    SELECT * INTO _subscription FROM moai_private.subscription AS s WHERE s.id = lock_subscription.id FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM moai_private.fail(404, 'no such subscription', 'id = ' || coalesce(lock_subscription.id::text, 'null'),
            'moai.subscription lists those of your tenants.');
    ELSIF _subscription.state = 'deleted' THEN
        PERFORM moai_private.fail(410, 'subscription is deleted', 'id = ' || _subscription.id, 'Create another one.');
    END IF;
    RETURN _subscription;
END
$$;
COMMENT ON FUNCTION moai_private.lock_subscription IS
$$The subscription, locked FOR UPDATE. Raises MO404 (unknown, or another tenant's) and MO410 (deleted).
Whoever changes deliveries by hand takes this lock, or a shared one, before those of the deliveries.$$;
