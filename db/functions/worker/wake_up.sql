CREATE OR REPLACE FUNCTION moai.wake_up()
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_unlock(1836016993, 1);
END
$$;
COMMENT ON FUNCTION moai.wake_up IS
$$Publishers need not ring any more: this session looks for work by itself, and calls moai.fall_asleep before it stops doing so.
REQUIRES: moai.fall_asleep answered asleep in this session. Locks: releases the flag.$$;
