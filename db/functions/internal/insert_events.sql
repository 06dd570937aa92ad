CREATE OR REPLACE FUNCTION moai_private.insert_events(events json, report boolean, at timestamptz)
    RETURNS TABLE (item integer, id uuid, duplicate boolean, code text, message text, detail text, hint text)
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _items moai_private.batch_item[];
    _item moai_private.batch_item;
    _taken record;
BEGIN
    IF json_typeof(insert_events.events) IS DISTINCT FROM 'array' THEN
        PERFORM moai_private.fail(422, 'events is not an array', 'events is ' || coalesce(json_typeof(insert_events.events), 'null'),
            'Give an array of events, or publish one with moai.publish.');
    ELSIF json_array_length(insert_events.events) NOT BETWEEN 1 AND 1000 THEN
        PERFORM moai_private.fail(422,
            format('events has %s items, 1 to 1000 are allowed', json_array_length(insert_events.events)), NULL, 'Split the batch.');
    END IF;

    SELECT array_agg(moai_private.read_batch_item(e.value, (e.ordinality - 1)::integer, insert_events.report) ORDER BY e.ordinality)
    INTO _items
    FROM json_array_elements(insert_events.events) WITH ORDINALITY AS e;

    -- Keys in sorted order: two batches that share keys in opposite orders would deadlock. Within a key the first item wins.
    FOR _item IN
        SELECT i.* FROM unnest(_items) AS i
        WHERE i.code IS NULL AND i.idempotency_key IS NOT NULL
        ORDER BY i.tenant COLLATE "C", i.idempotency_key COLLATE "C", i.item
    LOOP
        _item.id := moai_private.uuid_v7(insert_events.at);
        _taken := moai_private.take_idempotency_key(_item.tenant, _item.idempotency_key, _item.id,
            moai_private.content_hash(_item.type, _item.payload), _item.idempotency_ttl, insert_events.at);
        _item.duplicate := _taken.first_id IS NOT NULL;
        _item.id := coalesce(_taken.first_id, _item.id);
        IF NOT _taken.same_content THEN
            BEGIN
                PERFORM moai_private.refuse_other_content(_item.idempotency_key, _taken.first_id);
            EXCEPTION WHEN SQLSTATE 'MO409' THEN
                GET STACKED DIAGNOSTICS _item.message = MESSAGE_TEXT, _item.detail = PG_EXCEPTION_DETAIL, _item.hint = PG_EXCEPTION_HINT;
            END;
            IF NOT insert_events.report THEN
                PERFORM moai_private.fail(409, _item.message, format('item %s: %s', _item.item, _item.detail), _item.hint);
            END IF;
            _item.code := 'MO409';
            _item.id := NULL;
            _item.duplicate := NULL;
        END IF;
        _items[_item.item + 1] := _item;
    END LOOP;

    FOR _n IN 1..cardinality(_items) LOOP
        IF _items[_n].code IS NULL AND _items[_n].id IS NULL THEN
            _items[_n].id := moai_private.uuid_v7(insert_events.at);
            _items[_n].duplicate := false;
        END IF;
    END LOOP;

    -- One statement, so that the fan-out runs once for the whole batch.
    INSERT INTO moai_private.event (id, published_at, tenant, type, payload)
    SELECT i.id, insert_events.at, i.tenant, i.type, i.payload
    FROM unnest(_items) AS i
    WHERE i.code IS NULL AND NOT i.duplicate;

    RETURN QUERY SELECT i.item, i.id, i.duplicate, i.code, i.message, i.detail, i.hint FROM unnest(_items) AS i ORDER BY i.item;
END
$$;
COMMENT ON FUNCTION moai_private.insert_events IS
$$Checks and stores a batch of events, see moai.publish_batch. report: errors of items are returned, not raised.$$;
