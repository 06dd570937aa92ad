CREATE OR REPLACE FUNCTION moai.record_breakers(worker text, changes json)
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF record_breakers.worker IS NULL THEN
        PERFORM moai_private.fail(422, 'worker is missing', NULL, 'Name the process whose breakers these are.');
    ELSIF json_typeof(record_breakers.changes) IS DISTINCT FROM 'array' THEN
        PERFORM moai_private.fail(422, 'changes is not an array', 'changes is ' || coalesce(json_typeof(record_breakers.changes), 'null'),
            'Give an array with one object for each breaker.');
    END IF;
    PERFORM moai_private.record_breakers(record_breakers.worker, record_breakers.changes, clock_timestamp());
END
$$;
COMMENT ON FUNCTION moai.record_breakers IS
$$Keeps which endpoints' breakers have opened or closed: moai.subscription shows it, and moai.endpoints gives it to a worker that starts.
changes: an array of objects with subscription_id, is_open, probe_in_us (until the next request is tried), consecutive_failures, times_opened, reason.
One row for each endpoint: of several workers the last one is seen. Publishes moai.endpoint.failing of those that open because of failures. Raises MO422. Locks: the rows of these endpoints' states, skipping locked ones: what is said of an endpoint whose subscription is just being resumed is left out.$$;
