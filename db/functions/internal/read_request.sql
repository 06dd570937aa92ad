-- Reading what the REST API hands over, all of it text.

CREATE OR REPLACE FUNCTION moai_private.read_document(document text, known text[])
    RETURNS json
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _document json := read_document.document;
BEGIN
    PERFORM moai_private.json_refuse_unknown(_document, read_document.known);
    RETURN _document;
END
$$;
COMMENT ON FUNCTION moai_private.read_document IS 'The body of a request, an object of known fields. Raises MO422 naming the unknown one.';

CREATE OR REPLACE FUNCTION moai_private.read_query(query text, known text[])
    RETURNS json
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _query json := coalesce(nullif(read_query.query, ''), '{}');
    _unknown text := (SELECT min(k) FROM json_object_keys(_query) AS k WHERE NOT k = ANY (read_query.known));
BEGIN
    IF _unknown IS NOT NULL THEN
        PERFORM moai_private.fail(422, format('unknown query parameter %s', quote_ident(left(_unknown, 64))), NULL,
            'Parameters are ' || array_to_string(read_query.known, ', ') || '.');
    END IF;
    RETURN _query;
END
$$;
COMMENT ON FUNCTION moai_private.read_query IS 'The parameters of a query string, an object of strings. Raises MO422 naming the unknown one.';

CREATE OR REPLACE FUNCTION moai_private.read_limit(query json)
    RETURNS integer
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _text text := coalesce(moai_private.json_text(read_limit.query, 'limit'), '50');
BEGIN
    IF _text !~ '^0*([1-9][0-9]?|100)$' THEN
        PERFORM moai_private.fail(422, 'limit is outside of 1 to 100', 'limit = ' || quote_literal(left(_text, 64)), 'Follow "next" for more.');
    END IF;
    RETURN _text::integer;
END
$$;
COMMENT ON FUNCTION moai_private.read_limit IS 'How many items a list may have: 50 unless asked otherwise. Raises MO422.';

CREATE OR REPLACE FUNCTION moai_private.read_choice(document json, field text, allowed text[])
    RETURNS text
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _text text := moai_private.json_text(read_choice.document, read_choice.field);
BEGIN
    IF NOT _text = ANY (read_choice.allowed) THEN
        PERFORM moai_private.fail(422, format('%s is none of those there are', read_choice.field),
            format('%s = %L', read_choice.field, left(_text, 64)), 'Use one of ' || array_to_string(read_choice.allowed, ', ') || '.');
    END IF;
    RETURN _text;
END
$$;
COMMENT ON FUNCTION moai_private.read_choice IS 'The text in this field, one of those allowed, or NULL. Raises MO422 naming the field.';

CREATE OR REPLACE FUNCTION moai_private.json_uuid(document json, field text)
    RETURNS uuid
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _text text := moai_private.json_text(json_uuid.document, json_uuid.field);
BEGIN
    IF _text !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
        PERFORM moai_private.fail(422, format('%s is not a UUID', json_uuid.field), format('%s = %L', json_uuid.field, left(_text, 64)));
    END IF;
    RETURN _text::uuid;
END
$$;
COMMENT ON FUNCTION moai_private.json_uuid IS 'The UUID in this field, or NULL. Raises MO422 naming the field.';

CREATE OR REPLACE FUNCTION moai_private.read_cursor(query json, form text)
    RETURNS text
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _text text := moai_private.json_text(read_cursor.query, 'cursor');
BEGIN
    IF _text !~ ('^' || read_cursor.form || '$') THEN
        PERFORM moai_private.fail(422, 'cursor is malformed', 'cursor = ' || quote_literal(left(_text, 100)), 'Give what "next" of the page before says.');
    END IF;
    RETURN _text;
END
$$;
COMMENT ON FUNCTION moai_private.read_cursor IS 'Where the page before ended, NULL on the first one. form: a regular expression. Raises MO422.';

CREATE OR REPLACE FUNCTION moai_private.read_delivery_cursor(query json, at timestamptz, OUT event_id uuid, OUT subscription_id uuid)
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _uuid text := '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';
    _text text := moai_private.read_cursor(read_delivery_cursor.query, _uuid || '_' || _uuid);
BEGIN
    read_delivery_cursor.event_id := split_part(_text, '_', 1)::uuid;
    read_delivery_cursor.subscription_id := split_part(_text, '_', 2)::uuid;
    IF _text IS NULL THEN
        read_delivery_cursor.event_id := moai_private.newest_uuid(read_delivery_cursor.at);
        read_delivery_cursor.subscription_id := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
    END IF;
END
$$;
COMMENT ON FUNCTION moai_private.read_delivery_cursor IS 'The key below which a page of deliveries lies. Raises MO422.';

CREATE OR REPLACE FUNCTION moai_private.newest_uuid(at timestamptz)
    RETURNS uuid
    LANGUAGE sql
    IMMUTABLE
    PARALLEL SAFE
-- A day for clocks that differ. The bound keeps the empty partitions of the coming three years out of the plan.
RETURN moai_private.uuid_v7_floor(newest_uuid.at + interval '1 day');
COMMENT ON FUNCTION moai_private.newest_uuid IS 'Where lists begin that show the newest first: no id is above it.';
