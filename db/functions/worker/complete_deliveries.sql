CREATE OR REPLACE FUNCTION moai.complete_deliveries(worker text, results json, since_us bigint DEFAULT NULL, look_ahead boolean DEFAULT true)
    RETURNS TABLE (delivered integer, retried integer, dead_lettered integer, released integer, orphaned integer, next_due_in_us bigint)
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF complete_deliveries.worker IS NULL THEN
        PERFORM moai_private.fail(422, 'worker is missing', NULL, 'Name the process that made the requests; the log of attempts shows it.');
    ELSIF json_typeof(complete_deliveries.results) IS DISTINCT FROM 'array' THEN
        PERFORM moai_private.fail(422, 'results is not an array', 'results is ' || coalesce(json_typeof(complete_deliveries.results), 'null'),
            'Give an array with one object for each result.');
    END IF;
    RETURN QUERY SELECT * FROM moai_private.complete(complete_deliveries.worker, complete_deliveries.results, clock_timestamp(),
        coalesce(to_timestamp(complete_deliveries.since_us / 1000000.0), '-infinity'), complete_deliveries.look_ahead);
END
$$;
COMMENT ON FUNCTION moai.complete_deliveries IS
$$Records what became of claimed deliveries. results: an array of objects with event_id, subscription_id, lease_token, attempt_no, outcome
('delivered', 'failed', 'released': not started, no try spent, or 'parked': the same, and its endpoint has no room), started_at_us, http_status, error_class, error_detail, remote_address,
response_body (base64), response_bytes, dns_us, connect_us, tls_us, first_byte_us, total_us, retry_after_us,
url, signed_with (moai.subscription's key_id of each secret, separated by spaces), response_headers (a line each).
Acts only where the lease token still matches: delivered ones leave the queue, failed ones are rescheduled by their subscription's retry policy, though not
before retry_after_us (a day at most), or dead-lettered when no try is left. An http_status of 410 disables the subscription. Other results are logged as orphan attempts and change nothing; repeating a batch changes nothing either.
Returns how many results had which effect, and the time until the earliest due time in the table, leases included (NULL: it is empty). since_us
and look_ahead, for that time: as in moai.claim_deliveries.
Rings the workers when a delivery went back to the queue. Locks: the rows of the queue, in the order of their keys.$$;
