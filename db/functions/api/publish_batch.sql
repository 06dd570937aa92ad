CREATE OR REPLACE FUNCTION moai.publish_batch(events json, on_error text DEFAULT 'raise')
    RETURNS TABLE (item integer, id uuid, duplicate boolean, code text, message text, detail text, hint text)
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF publish_batch.on_error IS NULL OR publish_batch.on_error NOT IN ('raise', 'report') THEN
        PERFORM moai_private.fail(422, 'on_error is neither raise nor report', 'on_error = ' || quote_nullable(publish_batch.on_error),
            'Use ''raise'' to publish all or nothing, ''report'' to publish the good ones.');
    END IF;
    RETURN QUERY SELECT * FROM moai_private.insert_events(publish_batch.events, NULL, publish_batch.on_error = 'report', false, clock_timestamp());
END
$$;
COMMENT ON FUNCTION moai.publish_batch IS
$$Publishes up to 1000 events in one go: events is an array of {"type", "payload", "idempotency_key", "tenant", "idempotency_ttl"}, the last three optional.
Returns a row for each item in order (item counts from 0): id and duplicate, or, with on_error => 'report', the code, message, detail and hint of its error.
With on_error => 'raise' the first bad item raises its error, DETAIL naming the item, and nothing is published.
Raises MO422 (not an array, empty, over 1000 items, unknown field) and what moai.publish raises. Locks: as moai.publish; keys are taken in sorted order.$$;
