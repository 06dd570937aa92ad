CREATE OR REPLACE FUNCTION moai.delete_subscription(id uuid)
    RETURNS integer
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN moai_private.delete_subscription(delete_subscription.id, clock_timestamp());
END
$$;
COMMENT ON FUNCTION moai.delete_subscription IS
$$Ends a subscription for good and returns how many waiting deliveries it cancelled. Those that are being delivered end as delivered, or
cancelled. Its history stays, and so do its dead letters: readable and to be discarded, no longer to be redriven. Repeating it is harmless.
Raises MO404. Locks: the subscription, then its unfinished deliveries in the order of their keys.$$;
