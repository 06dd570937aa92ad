CREATE OR REPLACE FUNCTION moai.await_office(worker text, max_count integer, patience interval)
    RETURNS TABLE (
        in_office boolean, event_id uuid, subscription_id uuid, lease_token bigint, attempt_no integer,
        event_type text, tenant text, published_at text, payload text,
        url text, format text, secret text, timeout_ms integer, lease_ms integer,
        claimed_at_us bigint, next_due_in_us bigint, overdue_us bigint, max_in_flight integer, rate_limit double precision, method text, headers text, parked integer)
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    _in_office boolean := moai_private.lock_patiently(2, await_office.patience);
BEGIN
    IF _in_office THEN
        -- No claim: whoever waited may have died meanwhile, and the lease would be nobody's.
        await_office.in_office := true;
        RETURN NEXT;
    ELSE
        RETURN QUERY SELECT false, c.* FROM moai.claim_deliveries(await_office.worker, await_office.max_count) AS c;
    END IF;
END
$$;
COMMENT ON FUNCTION moai.await_office IS
$$Waits until this session is the sentinel's; if the patience ends first, it claims: one statement is both the wait and the safety look.
patience: how long it waits at most; 0 only tries. While it waits it holds a snapshot, so be patient for seconds, not hours.
in_office: it is; look for work at once, the other columns are NULL. If it is not, they, and max_count, are those of moai.claim_deliveries.
The office ends with the session, or by moai.leave_office. REQUIRES: this session is not in office. Raises MO422.
Locks: the advisory lock (1836016993, 2) until then, which other workers wait for.$$;
