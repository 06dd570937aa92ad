CREATE OR REPLACE FUNCTION moai_rest.list_subscriptions(query text, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    STABLE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_custom_plan  -- which filters there are decides the plan
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    _query json := moai_private.read_query(list_subscriptions.query, ARRAY['tenant', 'state', 'limit', 'cursor']);
    _limit integer := moai_private.read_limit(_query);
    _cursor uuid := moai_private.read_cursor(_query, '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}');
    _tenant text := moai_private.json_text(_query, 'tenant');
    _state moai.subscription_state := moai_private.read_choice(_query, 'state', enum_range(NULL::moai.subscription_state)::text[]);
    _items text[];
    _keys text[];
BEGIN
    SELECT array_agg(moai_private.subscription_json(ROW(s.*)::moai.subscription)::text ORDER BY s.id DESC),
           array_agg(s.id::text ORDER BY s.id DESC)
    INTO _items, _keys
    FROM (
        SELECT s.* FROM moai.subscription AS s
        WHERE (_cursor IS NULL OR s.id < _cursor) AND (_tenant IS NULL OR s.tenant = _tenant)
          AND CASE WHEN _state IS NULL THEN s.state <> 'deleted' ELSE s.state = _state END
        ORDER BY s.id DESC
        LIMIT _limit + 1
    ) AS s;
    list_subscriptions.status := 200;
    list_subscriptions.body := moai_private.page(_items, _keys, _limit, NULL);
END
$$;
COMMENT ON FUNCTION moai_rest.list_subscriptions IS
$$GET /subscriptions. query: {"tenant", "state", "limit" (1 to 100, 50 unless given), "cursor" ("next" of the page before)}, all optional strings.
200 {"items":[…],"next"}, newest first, each item as GET /subscriptions/{id} answers it; deleted ones only with state=deleted. Raises MO422.$$;
