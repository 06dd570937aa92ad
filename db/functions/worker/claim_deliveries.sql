CREATE OR REPLACE FUNCTION moai.claim_deliveries(worker text, max_count integer, in_office boolean DEFAULT false, saturated uuid[] DEFAULT '{}',
    since_us bigint DEFAULT NULL, look_ahead boolean DEFAULT true)
    RETURNS TABLE (
        event_id uuid, subscription_id uuid, lease_token bigint, attempt_no integer,
        event_type text, tenant text, published_at text, payload text,
        url text, format text, secret text, timeout_ms integer, lease_ms integer,
        claimed_at_us bigint, next_due_in_us bigint, overdue_us bigint, max_in_flight integer, rate_limit double precision, method text, headers text, parked integer)
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF claim_deliveries.max_count IS NULL OR claim_deliveries.max_count NOT BETWEEN 1 AND 10000 THEN
        PERFORM moai_private.fail(422, 'max_count is outside of 1 to 10000', 'max_count = ' || coalesce(claim_deliveries.max_count::text, 'null'));
    END IF;
    RETURN QUERY SELECT * FROM moai_private.claim(
        claim_deliveries.max_count, clock_timestamp(), claim_deliveries.in_office, claim_deliveries.saturated,
        since => coalesce(to_timestamp(claim_deliveries.since_us / 1000000.0), '-infinity'), look_ahead => claim_deliveries.look_ahead);
END
$$;
COMMENT ON FUNCTION moai.claim_deliveries IS
$$Leases up to max_count deliveries that are due, oldest first, to this worker, and returns all that their requests need.
lease_token must be given back to moai.complete_deliveries; attempt_no is the number that the next request bears. The lease lasts lease_ms.
next_due_in_us: until the earliest due time left in the table, leases included (NULL: the table is empty, or look_ahead is false). overdue_us: how long the first of those
claimed or parked had been due; nothing that this claim saw was due before. Always returns a row: with nothing to claim, one whose event_id is NULL. Commit before the first request is sent.
in_office: this worker is the sentinel (moai.await_office); of any other's leases the sentinel is told.
saturated: subscriptions whose endpoints this worker has no room for. What is due of theirs is parked (parked: how many), without spending a try, up
to 150 in one claim and none of them met by later claims: for 5 to 10 minutes, or until somebody calls moai.claim_parked. Others' deliveries behind them are found.
since_us: only what became due after this time, as of claimed_at_us, is looked at. Index entries of what has ended cannot be removed while some old
transaction is open; with since_us a claim does not read past all of them. What commits late, with an earlier due time, needs a claim without it.
look_ahead: false for one that looks again soon, whatever comes: the next due time is not looked for.
headers: lines of "name: value"; NULL: none. secret: what signs, newest first, separated by spaces: several while one is being replaced.
Rows of paused or disabled subscriptions are parked, those of deleted ones cancelled, those whose lease lapsed five times in a row dead-lettered as crash_loop.
Raises MO422. Locks: rows of the queue, never waiting for one (SKIP LOCKED).$$;
