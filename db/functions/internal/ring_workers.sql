CREATE OR REPLACE FUNCTION moai_private.ring_workers()
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
AS $$
BEGIN
    IF current_setting('moai.doorbell', true) IS DISTINCT FROM 'off' THEN
        PERFORM pg_notify('moai_wake', '');
    END IF;
END
$$;
COMMENT ON FUNCTION moai_private.ring_workers IS
$$Wakes the workers when this transaction commits; repeats within a transaction collapse to one.
SET moai.doorbell = off keeps it silent, for two-phase commit, which refuses a NOTIFY: such work starts within the safety interval.$$;
