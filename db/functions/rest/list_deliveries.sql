CREATE OR REPLACE FUNCTION moai_rest.list_deliveries(query text, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    STABLE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    _query json := moai_private.read_query(list_deliveries.query, ARRAY['state', 'subscription_id', 'event_id', 'tenant', 'limit', 'cursor']);
BEGIN
    list_deliveries.status := 200;
    list_deliveries.body := moai_private.list_deliveries(_query, moai_private.json_uuid(_query, 'event_id'), clock_timestamp());
END
$$;
COMMENT ON FUNCTION moai_rest.list_deliveries IS
$$GET /deliveries. query: {"state", "subscription_id", "event_id", "tenant", "limit" (1 to 100, 50 unless given), "cursor" ("next" of the page
before)}, all optional strings. 200 {"items":[…],"next"}, newest events first, each item as GET /deliveries/{id} answers it. A page may hold
fewer items than asked for, even none: next is null at the end. Raises MO422.$$;
