CREATE OR REPLACE FUNCTION moai.pause_subscription(id uuid, reason text DEFAULT NULL)
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM moai_private.pause_subscription(pause_subscription.id, pause_subscription.reason, clock_timestamp());
END
$$;
COMMENT ON FUNCTION moai.pause_subscription IS
$$Stops deliveries to a subscription until moai.resume_subscription. Its events still fan out and wait, parked, spending no tries.
Requests under way end as they end. reason: at most 1000 characters, shown as state_reason. Repeating it changes the reason.
Raises MO404, MO410 (deleted), MO422. Locks: the subscription.$$;
