CREATE OR REPLACE FUNCTION moai.maintain()
    RETURNS TABLE (partitions_made integer, keys_expired integer)
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY SELECT * FROM moai_private.maintain(clock_timestamp());
END
$$;
COMMENT ON FUNCTION moai.maintain IS
$$Makes the partitions of the coming three years that are missing and removes up to 10000 expired idempotency keys.
A worker calls it when it starts and once a day. Locks: SHARE UPDATE EXCLUSIVE on the parents if a partition is missing, so that
publishing and completing go on.$$;
