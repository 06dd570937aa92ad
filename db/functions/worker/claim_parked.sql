CREATE OR REPLACE FUNCTION moai.claim_parked(worker text, subscription_ids uuid[], counts integer[], in_office boolean DEFAULT false,
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
DECLARE
    _asked bigint := (SELECT sum(c) FROM unnest(claim_parked.counts) AS c);
BEGIN
    IF coalesce(cardinality(claim_parked.subscription_ids), 0) = 0
        OR cardinality(claim_parked.subscription_ids) IS DISTINCT FROM cardinality(claim_parked.counts) THEN
        PERFORM moai_private.fail(422, 'subscription_ids and counts are not of one length, at least 1',
            format('subscription_ids has %s, counts has %s', coalesce(cardinality(claim_parked.subscription_ids), 0),
                coalesce(cardinality(claim_parked.counts), 0)));
    ELSIF 0 >= ANY (claim_parked.counts) OR array_position(claim_parked.counts, NULL) IS NOT NULL OR _asked > 10000 THEN
        PERFORM moai_private.fail(422, 'counts are not each at least 1 and 10000 in all',
            format('counts = %s', left(claim_parked.counts::text, 64)));
    END IF;
    RETURN QUERY SELECT * FROM moai_private.claim(
        0, clock_timestamp(), claim_parked.in_office, '{}', claim_parked.subscription_ids, claim_parked.counts,
        coalesce(to_timestamp(claim_parked.since_us / 1000000.0), '-infinity'), claim_parked.look_ahead);
END
$$;
COMMENT ON FUNCTION moai.claim_parked IS
$$Leases parked deliveries of active subscriptions to this worker, the oldest events first, up to counts[i] of subscription_ids[i], due or not.
Returns what moai.claim_deliveries returns; in_office is the same, too, as are since_us, for the next due time alone, and look_ahead. Fewer than asked for means that no more are parked, or that somebody else holds them just now.
Raises MO422. Locks: rows of the queue, never waiting for one (SKIP LOCKED).$$;
