CREATE OR REPLACE FUNCTION moai_rest.publish(document text, idempotency_key text, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    -- The longest that a request waits for another open transaction that is publishing the same key.
    SET lock_timeout = '2s'
AS $$
#variable_conflict use_column
DECLARE
    _document json := publish.document;
    _field text;
    _key text;
    _id uuid;
    _duplicate boolean;
    _context text;
BEGIN
    IF json_typeof(_document) = 'array' THEN
        IF publish.idempotency_key IS NOT NULL THEN
            PERFORM moai_private.fail(422, 'the header Idempotency-Key cannot go with an array', NULL, 'Give each item its idempotency_key.');
        END IF;
        BEGIN
            SELECT b.status, b.body INTO publish.status, publish.body FROM moai_private.publish_array(_document, clock_timestamp()) AS b;
        EXCEPTION WHEN lock_not_available THEN
            GET STACKED DIAGNOSTICS _context = PG_EXCEPTION_CONTEXT;
        END;
    ELSE
        PERFORM moai_private.json_refuse_unknown(_document, ARRAY['type', 'payload', 'idempotency_key', 'tenant', 'idempotency_ttl']);
        _field := moai_private.json_text(_document, 'idempotency_key');
        PERFORM moai_private.check_one_key(publish.idempotency_key, _field);
        _key := coalesce(_field, publish.idempotency_key);
        BEGIN
            -- The arrow keeps the bytes of the payload; json_to_record would rewrite strings.
            SELECT i.id, i.duplicate INTO _id, _duplicate
            FROM moai_private.insert_event(
                moai_private.json_text(_document, 'type'), _document -> 'payload', _key,
                coalesce(moai_private.json_text(_document, 'tenant'), 'default'),
                coalesce(moai_private.json_interval(_document, 'idempotency_ttl'), '24 hours'), clock_timestamp()) AS i;
        EXCEPTION WHEN lock_not_available THEN
            GET STACKED DIAGNOSTICS _context = PG_EXCEPTION_CONTEXT;
        END;
        publish.status := 202;
        publish.body := json_build_object('id', _id, 'duplicate', _duplicate);
    END IF;
    -- Whatever else was waited for, a table under maintenance, is no matter of the key: the same request is good in a moment.
    IF _context LIKE '%take_idempotency_key%' THEN
        PERFORM moai_private.fail(409, t.message, t.detail, t.hint) FROM moai_private.key_in_use_texts(_key) AS t;
    ELSIF _context IS NOT NULL THEN
        PERFORM moai_private.fail(503, 'a table of moai is locked by maintenance', NULL, 'Repeat the request in a few seconds.');
    END IF;
END
$$;
COMMENT ON FUNCTION moai_rest.publish IS
$$POST /events. document: an event, or an array of up to 1000; the bytes of each payload are kept. idempotency_key: the header, or NULL.
One event: 202 {"id","duplicate"}, or its error. An array: 202 {"items":[…]} in order, each {"id","duplicate"} or {"code","detail","values","hint"};
422 with the same items if none was taken. Errors of many items are cut to their code so that the answer stays below 64 KiB.
Raises what moai.publish raises, and after 2 seconds of waiting MO409 idempotency_key_in_use (for the key) or MO503 (for a table). Locks: as moai.publish.$$;
