CREATE OR REPLACE FUNCTION moai.fall_asleep(patience interval)
    RETURNS boolean
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN moai_private.lock_patiently(1, fall_asleep.patience);
END
$$;
COMMENT ON FUNCTION moai.fall_asleep IS
$$From now on publishers ring (NOTIFY moai_wake): raises the flag and waits for those who are publishing. True: it is up; look once more, for who
was silent has committed. False: one of them was still open when the patience ended; look again soon, and call this again.
patience: how long it waits for them at most; 0 only tries. REQUIRES: this session is in office and not asleep.
Locks: the advisory lock (1836016993, 1) until moai.wake_up; publishers try it and never wait.$$;
