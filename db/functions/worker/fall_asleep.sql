CREATE OR REPLACE FUNCTION moai.fall_asleep(worker text, max_count integer, patience interval)
    RETURNS TABLE (
        asleep boolean, event_id uuid, subscription_id uuid, lease_token bigint, attempt_no integer,
        event_type text, tenant text, published_at text, payload text,
        url text, format text, secret text, timeout_ms integer, lease_ms integer,
        claimed_at_us bigint, next_due_in_us bigint, overdue_us bigint, max_in_flight integer, rate_limit double precision, parked integer)
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    _asleep boolean := moai_private.lock_patiently(1, fall_asleep.patience);
BEGIN
    -- A statement of its own, whose snapshot is younger than the lock: it sees all who were not refused.
    RETURN QUERY SELECT _asleep, c.* FROM moai.claim_deliveries(fall_asleep.worker, fall_asleep.max_count, true) AS c;
END
$$;
COMMENT ON FUNCTION moai.fall_asleep IS
$$From now on publishers ring (NOTIFY moai_wake): raises the flag, waits for those who are publishing, and claims.
patience: how long it waits for them at most; 0 only tries. asleep is false if one of them was still open then: look again soon, and call this again.
The other columns, and max_count, are those of moai.claim_deliveries. REQUIRES: this session is in office and not asleep. Raises MO422.
Locks: the advisory lock (1836016993, 1) until moai.wake_up; publishers try it and never wait.$$;
