CREATE OR REPLACE FUNCTION moai.resume_subscription(id uuid)
    RETURNS integer
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN moai_private.resume_subscription(resume_subscription.id, clock_timestamp());
END
$$;
COMMENT ON FUNCTION moai.resume_subscription IS
$$Delivers to a paused or disabled subscription again and returns how many parked deliveries it released: oldest first, 32 at once, doubling
each second. For an active one it closes the breaker: whoever has mended the endpoint need not wait for its next probe. Deliveries of a publisher that is just committing come by themselves within 30 seconds.
Raises MO404, MO410 (deleted), MO422 (the transaction is not READ COMMITTED). Locks: the subscription, then its parked deliveries.$$;
