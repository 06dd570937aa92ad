CREATE OR REPLACE FUNCTION moai_rest.list_dead_letters(query text, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    STABLE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_custom_plan  -- which filters there are decides the plan
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    _query json := moai_private.read_query(list_dead_letters.query, ARRAY['subscription_id', 'reason', 'tenant', 'limit', 'cursor']);
    _limit integer := moai_private.read_limit(_query);
    _before record := moai_private.read_delivery_cursor(_query, clock_timestamp());
    _subscription_id uuid := moai_private.json_uuid(_query, 'subscription_id');
    _reason text := moai_private.read_choice(_query, 'reason', ARRAY['exhausted', 'crash_loop', 'refused']);
    _tenant text := moai_private.json_text(_query, 'tenant');
    _items text[];
    _keys text[];
    _rest_after text;
BEGIN
    -- A filter that hardly anything fits would read them all: one call looks at 10000 dead letters, then says where to go on.
    SELECT array_agg(moai_private.dead_letter_json(ROW(l.*)::moai.dead_letter)::text ORDER BY l.event_id DESC, l.subscription_id DESC),
           array_agg(l.id ORDER BY l.event_id DESC, l.subscription_id DESC)
    INTO _items, _keys
    FROM (
        SELECT w.* FROM (
            SELECT l.* FROM moai.dead_letter AS l
            WHERE (l.event_id, l.subscription_id) < (_before.event_id, _before.subscription_id)
              AND (_subscription_id IS NULL OR l.subscription_id = _subscription_id)
            ORDER BY l.event_id DESC, l.subscription_id DESC
            LIMIT 10000
        ) AS w
        WHERE (_reason IS NULL OR w.reason = _reason) AND (_tenant IS NULL OR w.tenant = _tenant)
        ORDER BY w.event_id DESC, w.subscription_id DESC
        LIMIT _limit + 1
    ) AS l;
    IF coalesce(cardinality(_items), 0) <= _limit THEN
        SELECT l.event_id::text || '_' || l.subscription_id::text INTO _rest_after
        FROM moai_private.dead_letter AS l
        WHERE (l.event_id, l.subscription_id) < (_before.event_id, _before.subscription_id)
          AND (_subscription_id IS NULL OR l.subscription_id = _subscription_id)
        ORDER BY l.event_id DESC, l.subscription_id DESC
        LIMIT 1 OFFSET 9999;
    END IF;
    list_dead_letters.status := 200;
    list_dead_letters.body := moai_private.page(_items, _keys, _limit, _rest_after);
END
$$;
COMMENT ON FUNCTION moai_rest.list_dead_letters IS
$$GET /dead-letters. query: {"subscription_id", "reason", "tenant", "limit" (1 to 100, 50 unless given), "cursor" ("next" of the page before)},
all optional strings. 200 {"items":[{"id","event_id","subscription_id","tenant","event_type","dead_at","attempts","reason","http_status",
"error_class","error_detail"}],"next"}, newest events first. A page may hold fewer items than asked for, even none: next is null at the end.
Raises MO422.$$;
