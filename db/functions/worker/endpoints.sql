CREATE OR REPLACE FUNCTION moai.endpoints()
    RETURNS TABLE (
        subscription_id uuid, url text, max_in_flight integer, rate_limit double precision, has_parked boolean,
        probe_in_us bigint, consecutive_failures integer, times_opened integer, reason text)
    LANGUAGE plpgsql
    STABLE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY SELECT * FROM moai_private.endpoints(clock_timestamp());
END
$$;
COMMENT ON FUNCTION moai.endpoints IS
$$The active subscriptions that have parked deliveries or a breaker that is not closed: what a worker must know that starts, or whose office it is
to look after those of one that died. probe_in_us: until the breaker lets a request through, NULL where it is closed. One probe of an index for each subscription.$$;
