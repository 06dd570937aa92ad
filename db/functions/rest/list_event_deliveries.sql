CREATE OR REPLACE FUNCTION moai_rest.list_event_deliveries(id text, query text, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    STABLE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_custom_plan  -- with the keys in the plan, only their partitions are opened
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    _id uuid := moai_private.read_uuid(list_event_deliveries.id, 'event');
BEGIN
    IF NOT EXISTS (SELECT FROM moai.event AS e WHERE e.id = _id) THEN
        PERFORM moai_private.fail(404, 'no such event', 'id = ' || _id);
    END IF;
    list_event_deliveries.status := 200;
    list_event_deliveries.body := moai_private.list_deliveries(
        moai_private.read_query(list_event_deliveries.query, ARRAY['state', 'subscription_id', 'limit', 'cursor']), _id, clock_timestamp());
END
$$;
COMMENT ON FUNCTION moai_rest.list_event_deliveries IS
$$GET /events/{id}/deliveries. As GET /deliveries, of one event. Raises MO404, MO422.$$;
