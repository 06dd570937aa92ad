CREATE OR REPLACE FUNCTION moai_private.read_batch(events json, keys text[], report boolean, at timestamptz)
    RETURNS moai_private.batch_item[]
    LANGUAGE plpgsql
    VOLATILE
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    _items moai_private.batch_item[];
    _sees_all boolean := moai_private.sees_all_tenants();
    _tenants text[] := CASE WHEN _sees_all THEN '{}' ELSE moai_private.visible_tenants() END;
    -- All of a new id but its random part.
    _id_begins text := left(moai_private.uuid_v7(read_batch.at)::text, 18);
    _plain boolean[];
BEGIN
    -- At once and without asking why: what is not plainly good is read again by read_batch_item, which knows what to say of it.
    BEGIN
        SELECT array_agg((
                (e.n - 1)::integer, (_id_begins || right(gen_random_uuid()::text, 18))::uuid, false,
                f.type, d.payload, f.key, f.tenant, f.ttl, NULL, NULL, NULL, NULL
            )::moai_private.batch_item ORDER BY e.n),
            array_agg(coalesce(
                jsonb_typeof(d.doc) = 'object'
                AND d.doc - ARRAY['type', 'payload', 'idempotency_key', 'tenant', 'idempotency_ttl'] = '{}'
                -- jsonb keeps one field of a name, json all of them.
                AND cardinality(ARRAY(SELECT json_object_keys(e.value))) = (d.doc ? 'type')::integer + (d.doc ? 'payload')::integer
                    + (d.doc ? 'idempotency_key')::integer + (d.doc ? 'tenant')::integer + (d.doc ? 'idempotency_ttl')::integer
                AND jsonb_typeof(d.doc -> 'type') = 'string' AND moai_private.is_event_type(f.type)
                AND octet_length(d.payload::text) <= 1048576 AND NOT moai_private.is_too_deep(length(d.payload::text), d.doc -> 'payload')
                AND coalesce(jsonb_typeof(d.doc -> 'tenant'), 'null') IN ('string', 'null')
                AND moai_private.is_tenant(f.tenant)
                AND (_sees_all OR f.tenant = ANY (_tenants))
                AND coalesce(jsonb_typeof(d.doc -> 'idempotency_key'), 'null') IN ('string', 'null')
                AND coalesce(read_batch.keys[e.n] = d.doc ->> 'idempotency_key', true)
                AND char_length(coalesce(f.key, 'none')) BETWEEN 1 AND 255
                AND coalesce(jsonb_typeof(d.doc -> 'idempotency_ttl'), 'null') IN ('string', 'null')
                AND f.ttl BETWEEN '1 hour' AND '366 days', false) ORDER BY e.n)
        INTO _items, _plain
        FROM json_array_elements(read_batch.events) WITH ORDINALITY AS e(value, n)
        -- OFFSET 0: read once, and not at each mention.
        CROSS JOIN LATERAL (SELECT e.value::text::jsonb AS doc, e.value -> 'payload' AS payload OFFSET 0) AS d
        CROSS JOIN LATERAL (
            SELECT d.doc ->> 'type' AS type, coalesce(d.doc ->> 'tenant', 'default') AS tenant,
                coalesce(d.doc ->> 'idempotency_key', read_batch.keys[e.n]) AS key,
                coalesce((d.doc ->> 'idempotency_ttl')::interval, '24 hours') AS ttl OFFSET 0
        ) AS f;
    EXCEPTION WHEN data_exception OR program_limit_exceeded OR statement_too_complex THEN
        _plain := NULL;
    END;
    IF _plain IS NULL OR NOT true = ALL (_plain) THEN
        SELECT array_agg(CASE WHEN _plain[e.n] THEN _items[e.n]
                              ELSE moai_private.read_batch_item(e.value, read_batch.keys[e.n], (e.n - 1)::integer, read_batch.report, read_batch.at)
                         END ORDER BY e.n)
        INTO _items
        FROM json_array_elements(read_batch.events) WITH ORDINALITY AS e(value, n);
    END IF;
    RETURN _items;
END
$$;
COMMENT ON FUNCTION moai_private.read_batch IS
$$The items of a batch, checked and with a new id each; see moai_private.read_batch_item for the errors. keys: what came beside the items as their
idempotency keys (the header of a request), or NULL.$$;
