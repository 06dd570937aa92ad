CREATE OR REPLACE FUNCTION moai_rest.list_events(query text, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    STABLE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_custom_plan  -- with the keys in the plan, only their partitions are opened
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    _query json := moai_private.read_query(list_events.query, ARRAY['type', 'tenant', 'limit', 'cursor']);
    _limit integer := moai_private.read_limit(_query);
    _before uuid := coalesce(moai_private.read_cursor(_query, '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')::uuid, moai_private.newest_uuid(clock_timestamp()));
    _type text := moai_private.json_text(_query, 'type');
    _tenant text := moai_private.json_text(_query, 'tenant');
    _items text[];
    _keys text[];
    _rest_after uuid;
BEGIN
    -- A filter that hardly anything fits would read the whole history: one call looks at 10000 events, then says where to go on.
    SELECT array_agg(json_build_object('id', e.id, 'type', e.type, 'tenant', e.tenant, 'published_at', moai_private.time_text(e.published_at),
                                       'payload_bytes', octet_length(e.payload::text))::text ORDER BY e.id DESC),
           array_agg(e.id::text ORDER BY e.id DESC)
    INTO _items, _keys
    FROM (
        SELECT w.* FROM (SELECT e.* FROM moai.event AS e WHERE e.id < _before ORDER BY e.id DESC LIMIT 10000) AS w
        WHERE (_type IS NULL OR w.type = _type) AND (_tenant IS NULL OR w.tenant = _tenant)
        ORDER BY w.id DESC
        LIMIT _limit + 1
    ) AS e;
    IF coalesce(cardinality(_items), 0) <= _limit THEN
        SELECT w.id INTO _rest_after FROM (SELECT e.id FROM moai.event AS e WHERE e.id < _before ORDER BY e.id DESC LIMIT 1 OFFSET 9999) AS w;
    END IF;
    list_events.status := 200;
    list_events.body := moai_private.page(_items, _keys, _limit, _rest_after::text);
END
$$;
COMMENT ON FUNCTION moai_rest.list_events IS
$$GET /events. query: {"type", "tenant", "limit" (1 to 100, 50 unless given), "cursor" ("next" of the page before)}, all optional strings.
200 {"items":[{"id","type","tenant","published_at","payload_bytes"}],"next"}, newest first. A page may hold fewer items than asked for, even
none: next is null at the end. Raises MO422.$$;
