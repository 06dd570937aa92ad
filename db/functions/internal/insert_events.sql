CREATE OR REPLACE FUNCTION moai_private.insert_events(events json, keys text[], report boolean, skip_held boolean, at timestamptz)
    RETURNS TABLE (item integer, id uuid, duplicate boolean, code text, message text, detail text, hint text)
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _items moai_private.batch_item[];
BEGIN
    IF json_typeof(insert_events.events) IS DISTINCT FROM 'array' THEN
        PERFORM moai_private.fail(422, 'events is not an array', 'events is ' || coalesce(json_typeof(insert_events.events), 'null'),
            'Give an array of events, or publish one with moai.publish.');
    ELSIF json_array_length(insert_events.events) NOT BETWEEN 1 AND 1000 THEN
        PERFORM moai_private.fail(422,
            format('events has %s items, 1 to 1000 are allowed', json_array_length(insert_events.events)), NULL, 'Split the batch.');
    END IF;

    _items := moai_private.read_batch(insert_events.events, insert_events.keys, insert_events.report, insert_events.at);
    IF EXISTS (SELECT FROM unnest(_items) AS i WHERE i.code IS NULL AND i.idempotency_key IS NOT NULL) THEN
        _items := moai_private.take_idempotency_keys(_items, insert_events.report, insert_events.skip_held, insert_events.at);
    END IF;

    -- One statement, so that the fan-out runs once for the whole batch.
    INSERT INTO moai_private.event (id, published_at, tenant, type, payload)
    SELECT i.id, insert_events.at, i.tenant, i.type, i.payload
    FROM unnest(_items) AS i
    WHERE i.code IS NULL AND NOT i.duplicate;

    RETURN QUERY SELECT i.item, i.id, i.duplicate, i.code, i.message, i.detail, i.hint FROM unnest(_items) AS i ORDER BY i.item;
END
$$;
COMMENT ON FUNCTION moai_private.insert_events IS
$$Checks and stores a batch of events, see moai.publish_batch. keys: as in moai_private.read_batch. report: errors of items are returned, not raised.
skip_held: as in moai_private.take_idempotency_keys.$$;
