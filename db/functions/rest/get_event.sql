CREATE OR REPLACE FUNCTION moai_rest.get_event(id text, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    STABLE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_custom_plan  -- with the keys in the plan, only their partitions are opened
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    _id uuid := moai_private.read_uuid(get_event.id, 'event');
    _event moai.event;
    _bytes integer;
BEGIN
    SELECT * INTO _event FROM moai.event AS e WHERE e.id = _id;
    IF NOT FOUND THEN
        PERFORM moai_private.fail(404, 'no such event', 'id = ' || _id);
    END IF;
    _bytes := octet_length(_event.payload::text);
    get_event.status := 200;
    -- Put together as text: a JSON function might write the payload differently.
    get_event.body := '{"id":' || to_json(_event.id) || ',"type":' || to_json(_event.type) || ',"tenant":' || to_json(_event.tenant)
        || ',"published_at":' || to_json(moai_private.time_text(_event.published_at)) || ',"payload_bytes":' || _bytes || ',"payload":'
        || CASE WHEN _bytes <= 32768 THEN _event.payload::text || '}'
                ELSE 'null,"hint":' || to_json(format('The payload is large: GET /events/%s/payload, with Range', _event.id)) || '}' END;
END
$$;
COMMENT ON FUNCTION moai_rest.get_event IS
$$GET /events/{id}. 200 {"id","type","tenant","published_at","payload_bytes","payload"}, the payload as it was published, byte for byte;
null and a hint if it is longer than 32 KiB. Raises MO404.$$;
