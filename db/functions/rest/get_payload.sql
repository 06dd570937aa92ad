CREATE OR REPLACE FUNCTION moai_rest.get_payload(id text, first text, last text, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    STABLE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_custom_plan  -- with the keys in the plan, only their partitions are opened
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    _id uuid := moai_private.read_uuid(get_payload.id, 'event');
    _payload bytea;
    _total bigint;
    _first bigint;
    _last bigint;
BEGIN
    SELECT convert_to(e.payload::text, 'UTF8') INTO _payload FROM moai.event AS e WHERE e.id = _id;
    IF NOT FOUND THEN
        PERFORM moai_private.fail(404, 'no such event', 'id = ' || _id);
    ELSIF get_payload.first !~ '^[0-9]{1,18}$' OR get_payload.last !~ '^[0-9]{1,18}$' THEN
        PERFORM moai_private.fail(422, 'first and last are not byte positions',
            format('first = %L, last = %L', left(get_payload.first, 32), left(get_payload.last, 32)), 'Count from 0.');
    END IF;
    _total := octet_length(_payload);
    -- As in a Range header: "bytes=-N" has no first and means the last N bytes.
    _first := coalesce(get_payload.first::bigint, CASE WHEN get_payload.last IS NULL THEN 0 ELSE greatest(_total - get_payload.last::bigint, 0) END);
    _last := least(CASE WHEN get_payload.first IS NULL THEN _total - 1 ELSE coalesce(get_payload.last::bigint, _total - 1) END,
                   _total - 1, _first + 44999);
    IF _first >= _total OR _first > _last THEN
        PERFORM moai_private.fail(416, 'the payload has no such bytes', format('first = %s, total = %s', _first, _total), 'Ask for bytes below the total.');
    END IF;
    get_payload.status := 200;
    get_payload.body := json_build_object('total', _total, 'first', _first, 'last', _last,
        'base64', translate(encode(substr(_payload, _first::integer + 1, (_last - _first + 1)::integer), 'base64'), E'\n', ''));
END
$$;
COMMENT ON FUNCTION moai_rest.get_payload IS
$$GET /events/{id}/payload. first, last: positions of bytes, from 0, or NULL: from the start, to the end; last alone: so many from the end.
200 {"total","first","last","base64"}, at most 45000 bytes in one answer. Raises MO404, MO416 (no such bytes), MO422.$$;
