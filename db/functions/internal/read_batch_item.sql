CREATE OR REPLACE FUNCTION moai_private.read_batch_item(value json, key text, item integer, report boolean, at timestamptz)
    RETURNS moai_private.batch_item
    LANGUAGE plpgsql
    VOLATILE
AS $$
DECLARE
    _item moai_private.batch_item;
BEGIN
    _item.item := read_batch_item.item;
    _item.id := moai_private.uuid_v7(read_batch_item.at);
    _item.duplicate := false;
    BEGIN
        PERFORM moai_private.json_refuse_unknown(read_batch_item.value,
            ARRAY['type', 'payload', 'idempotency_key', 'tenant', 'idempotency_ttl']);
        _item.idempotency_key := moai_private.json_text(read_batch_item.value, 'idempotency_key');
        PERFORM moai_private.check_one_key(read_batch_item.key, _item.idempotency_key);
        _item.idempotency_key := coalesce(_item.idempotency_key, read_batch_item.key);
        _item.type := moai_private.json_text(read_batch_item.value, 'type');
        -- The arrow keeps the bytes of a json value; json_to_record would rewrite strings.
        _item.payload := read_batch_item.value -> 'payload';
        _item.tenant := coalesce(moai_private.json_text(read_batch_item.value, 'tenant'), 'default');
        _item.idempotency_ttl := coalesce(moai_private.json_interval(read_batch_item.value, 'idempotency_ttl'), '24 hours');
        PERFORM moai_private.check_event_type(_item.type);
        PERFORM moai_private.check_tenant(_item.tenant);
        PERFORM moai_private.check_payload(_item.payload);
        PERFORM moai_private.check_idempotency(_item.idempotency_key, _item.idempotency_ttl);
    EXCEPTION WHEN SQLSTATE 'MO422' OR SQLSTATE 'MO403' THEN
        GET STACKED DIAGNOSTICS _item.code = RETURNED_SQLSTATE, _item.message = MESSAGE_TEXT,
            _item.detail = PG_EXCEPTION_DETAIL, _item.hint = PG_EXCEPTION_HINT;
        _item.id := NULL;
        _item.duplicate := NULL;
    END;
    IF _item.code IS NOT NULL AND NOT read_batch_item.report THEN
        PERFORM moai_private.fail(right(_item.code, 3)::integer, _item.message,
            concat_ws(': ', format('item %s', _item.item), nullif(_item.detail, '')), _item.hint);
    END IF;
    RETURN _item;
END
$$;
COMMENT ON FUNCTION moai_private.read_batch_item IS
'One item of a batch, checked, with a new id: with report, its error stands in code, message, detail and hint; else it is raised. key came beside it.';
