CREATE OR REPLACE FUNCTION moai_private.list_deliveries(query json, event_id uuid, at timestamptz)
    RETURNS text
    LANGUAGE plpgsql
    STABLE
    -- The newest few of a long history: read from the indexes, backwards, whatever the statistics say.
    SET enable_seqscan = off
    SET enable_bitmapscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    SET enable_sort = off
    SET plan_cache_mode = force_custom_plan
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    _limit integer := moai_private.read_limit(list_deliveries.query);
    _before record := moai_private.read_delivery_cursor(list_deliveries.query, list_deliveries.at);
    _state moai.delivery_state := moai_private.read_choice(list_deliveries.query, 'state', enum_range(NULL::moai.delivery_state)::text[]);
    _subscription_id uuid := moai_private.json_uuid(list_deliveries.query, 'subscription_id');
    _tenant text := moai_private.json_text(list_deliveries.query, 'tenant');
    _window integer;
    _facts moai_private.delivery_fact[];
    _last moai_private.delivery_fact;
    _found moai.delivery[];
    _event_ids uuid[];
    _items text[];
    _keys text[];
    _rest_after text;
BEGIN
    -- A filter that hardly anything fits would read the whole history: one call looks at 10000 facts, then says where to go on.
    FOREACH _window IN ARRAY ARRAY[4 * _limit, 10000] LOOP
        EXECUTE format(
            $query$
            SELECT array_agg(f) FROM (
                SELECT f.* FROM moai_private.delivery_fact AS f
                WHERE f.event_id <= %L AND (f.event_id, f.subscription_id) < (%L, %L) %s %s
                ORDER BY f.event_id DESC, f.subscription_id DESC
                LIMIT %s
            ) AS f
            $query$,
            _before.event_id, _before.event_id, _before.subscription_id,
            CASE WHEN list_deliveries.event_id IS NOT NULL THEN format('AND f.event_id = %L', list_deliveries.event_id) END,
            CASE WHEN _state IN ('pending', 'delivering', 'retrying', 'parked') THEN 'AND f.is_open' END,
            _window)
        INTO _facts;
        -- Of the last delivery in a full window there may be more facts below: it is left for the next one.
        _last := _facts[_window];

        SELECT array_agg(d.delivery ORDER BY d.n) INTO _found
        FROM (
            SELECT row_number() OVER (ORDER BY f.event_id DESC, f.subscription_id DESC) AS n,
                (f.event_id::text || '_' || f.subscription_id::text, f.event_id, f.subscription_id, s.tenant, NULL, f.state, f.attempts,
                 f.tries_left, f.due_at, f.finished_at, f.reason, f.http_status, f.error_class, f.error_detail)::moai.delivery AS delivery
            FROM (
                SELECT DISTINCT ON (f.event_id, f.subscription_id) f.*
                FROM unnest(_facts) AS f
                WHERE _last IS NULL OR (f.event_id, f.subscription_id) <> (_last.event_id, _last.subscription_id)
                ORDER BY f.event_id DESC, f.subscription_id DESC, f.is_open DESC, f.finished_at DESC, f.attempts DESC
            ) AS f
            JOIN moai_private.subscription AS s ON s.id = f.subscription_id
            WHERE (_state IS NULL OR f.state = _state) AND (_subscription_id IS NULL OR f.subscription_id = _subscription_id)
              AND (_tenant IS NULL OR s.tenant = _tenant)
            ORDER BY 1
            LIMIT _limit + 1
        ) AS d;
        EXIT WHEN cardinality(_found) > _limit OR coalesce(cardinality(_facts), 0) < _window;
    END LOOP;
    IF cardinality(_facts) = 10000 THEN
        SELECT f.event_id::text || '_' || f.subscription_id::text INTO _rest_after
        FROM unnest(_facts) AS f
        WHERE (f.event_id, f.subscription_id) <> (_last.event_id, _last.subscription_id)
        ORDER BY f.event_id, f.subscription_id LIMIT 1;
    END IF;

    _event_ids := ARRAY(SELECT d.event_id FROM unnest(_found) AS d);
    SELECT array_agg(moai_private.delivery_json(
               (d.id, d.event_id, d.subscription_id, d.tenant, e.type, d.state, d.attempts, d.tries_left, d.due_at, d.finished_at,
                d.reason, d.http_status, d.error_class, d.error_detail)::moai.delivery)::text ORDER BY d.event_id DESC, d.subscription_id DESC),
           array_agg(d.id ORDER BY d.event_id DESC, d.subscription_id DESC)
    INTO _items, _keys
    FROM unnest(_found) AS d
    LEFT JOIN moai.event AS e ON e.id = d.event_id AND e.id = ANY (_event_ids);
    RETURN moai_private.page(_items, _keys, _limit, _rest_after);
END
$$;
COMMENT ON FUNCTION moai_private.list_deliveries IS 'A page of deliveries, newest events first, of one event unless event_id is NULL; see moai_rest.list_deliveries.';
