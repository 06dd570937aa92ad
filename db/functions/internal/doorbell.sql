-- The doorbell: one advisory lock that is the flag "the sentinel sleeps", and one that is the sentinel's office. Both have the class
-- 1836016993, which is "moai" in ASCII; an application's own advisory locks of that class would be taken for ours.

CREATE OR REPLACE FUNCTION moai_private.ring_sentinel()
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
AS $$
BEGIN
    -- The shared lock is refused while the sentinel holds or waits for the exclusive one; granted, it is held until this transaction ends,
    -- and who then gets the exclusive lock sees what we did. Nobody waits here, and no snapshot is asked.
    IF current_setting('moai.doorbell', true) IS DISTINCT FROM 'off' AND NOT pg_try_advisory_xact_lock_shared(1836016993, 1) THEN
        PERFORM pg_notify('moai_wake', '');
    END IF;
END
$$;
COMMENT ON FUNCTION moai_private.ring_sentinel IS
$$Wakes the sentinel when this transaction commits, if it sleeps; if it does not, it looks once more before it falls asleep.
SET moai.doorbell = off keeps it silent, for two-phase commit, which refuses a NOTIFY: such work starts within the safety interval.$$;

CREATE OR REPLACE FUNCTION moai_private.lock_patiently(key integer, patience interval)
    RETURNS boolean
    LANGUAGE plpgsql
    VOLATILE
AS $$
DECLARE
    _usual text := current_setting('lock_timeout');
    _locked boolean := false;
BEGIN
    IF lock_patiently.patience <= interval '0' THEN
        RETURN pg_try_advisory_lock(1836016993, lock_patiently.key);
    END IF;
    PERFORM set_config('lock_timeout', greatest(1, extract(epoch FROM lock_patiently.patience) * 1000)::integer::text, true);
    BEGIN
        PERFORM pg_advisory_lock(1836016993, lock_patiently.key);
        _locked := true;
    EXCEPTION WHEN lock_not_available THEN
        -- A lock that is granted as the patience ends is kept, though the wait fails.
        _locked := EXISTS (
            SELECT FROM pg_locks AS l
            WHERE l.pid = pg_backend_pid() AND l.locktype = 'advisory' AND l.granted AND l.mode = 'ExclusiveLock'
              AND l.classid = 1836016993 AND l.objid = lock_patiently.key AND l.objsubid = 2);
    END;
    PERFORM set_config('lock_timeout', _usual, true);
    RETURN _locked;
END
$$;
COMMENT ON FUNCTION moai_private.lock_patiently IS 'Waits for an exclusive lock of the doorbell, for this session; false if the patience ended first. Without patience it does not wait at all.';
