CREATE OR REPLACE FUNCTION moai_private.list_deliveries(query json, event_id uuid, at timestamptz)
    RETURNS text
    LANGUAGE plpgsql
    STABLE
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    _limit integer := moai_private.read_limit(list_deliveries.query);
    _before record := moai_private.read_delivery_cursor(list_deliveries.query, list_deliveries.at);
    _state moai.delivery_state := moai_private.read_choice(list_deliveries.query, 'state', enum_range(NULL::moai.delivery_state)::text[]);
    _subscription_id uuid := moai_private.json_uuid(list_deliveries.query, 'subscription_id');
    _tenant text := moai_private.json_text(list_deliveries.query, 'tenant');
    _window text;
    _items text[];
    _keys text[];
    _rest_after text;
BEGIN
    -- The keys stand in the text, so that the planner opens only the partitions there may be rows in.
    -- A filter that hardly anything fits would read the whole history: one call looks at 10000 deliveries, then says where to go on.
    _window := format(
        $query$
        SELECT w.* FROM %s AS w
        WHERE w.event_id <= %L AND (w.event_id, w.subscription_id) < (%L, %L) %s
        ORDER BY w.event_id DESC, w.subscription_id DESC
        LIMIT 10000
        $query$,
        CASE WHEN _state IN ('pending', 'delivering', 'retrying', 'parked') THEN 'moai_private.open_delivery' ELSE 'moai.delivery' END,
        _before.event_id, _before.event_id, _before.subscription_id,
        CASE WHEN list_deliveries.event_id IS NOT NULL THEN format('AND w.event_id = %L', list_deliveries.event_id) END);
    EXECUTE format(
        $query$
        SELECT array_agg(moai_private.delivery_json(ROW(d.*)::moai.delivery)::text ORDER BY d.event_id DESC, d.subscription_id DESC),
               array_agg(d.id ORDER BY d.event_id DESC, d.subscription_id DESC)
        FROM (
            SELECT d.* FROM (%s) AS d
            WHERE ($1 IS NULL OR d.state = $1) AND ($2 IS NULL OR d.subscription_id = $2) AND ($3 IS NULL OR d.tenant = $3)
            ORDER BY d.event_id DESC, d.subscription_id DESC
            LIMIT $4 + 1
        ) AS d
        $query$, _window)
    INTO _items, _keys USING _state, _subscription_id, _tenant, _limit;
    IF coalesce(cardinality(_items), 0) <= _limit THEN
        EXECUTE format('SELECT d.id FROM (%s) AS d ORDER BY d.event_id DESC, d.subscription_id DESC OFFSET 9999', _window) INTO _rest_after;
    END IF;
    RETURN moai_private.page(_items, _keys, _limit, _rest_after);
END
$$;
COMMENT ON FUNCTION moai_private.list_deliveries IS 'A page of deliveries, newest events first, of one event unless event_id is NULL; see moai_rest.list_deliveries.';
