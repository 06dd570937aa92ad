CREATE OR REPLACE FUNCTION moai_private.publish_array(events json, at timestamptz, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _item record;
    _items text[];
    _text text;
    -- Room for what exceeds the 64 bytes that an item without an error takes at most.
    _room integer := 61000 - 64 * json_array_length(publish_array.events);
BEGIN
    publish_array.status := 422;
    FOR _item IN SELECT * FROM moai_private.insert_events(publish_array.events, NULL, true, false, publish_array.at) LOOP
        IF _item.code IS NULL THEN
            publish_array.status := 202;
            _text := format('{"id":"%s","duplicate":%s}', _item.id, CASE WHEN _item.duplicate THEN 'true' ELSE 'false' END);
        ELSE
            _text := json_strip_nulls(json_build_object('code', _item.code, 'detail', _item.message,
                'values', nullif(_item.detail, ''), 'hint', nullif(_item.hint, '')));
            IF octet_length(_text) - 64 > _room THEN
                _text := json_build_object('code', _item.code);
            END IF;
            _room := _room - greatest(octet_length(_text) - 64, 0);
        END IF;
        _items := _items || _text;
    END LOOP;
    publish_array.body := '{"items":[' || array_to_string(_items, ',') || ']}';
END
$$;
COMMENT ON FUNCTION moai_private.publish_array IS 'Publishes the good events of an array and tells of each what became of it; see moai_rest.publish.';
