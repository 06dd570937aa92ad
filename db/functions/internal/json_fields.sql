-- Reading the fields of a JSON document, with errors that name the field. An absent field and null both read as NULL.

CREATE OR REPLACE FUNCTION moai_private.json_text(document json, field text)
    RETURNS text
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _value json := json_text.document -> json_text.field;
    _shown text := CASE WHEN json_text.field <> 'secret' THEN format('%s = %s', json_text.field, left(_value::text, 64)) END;
    _text text;
BEGIN
    CASE coalesce(json_typeof(_value), 'null')
        WHEN 'null' THEN RETURN NULL;
        WHEN 'string' THEN NULL;
        ELSE PERFORM moai_private.fail(422, format('%s is not a string', json_text.field),
            _shown, format('Write "%s": "…".', json_text.field));
    END CASE;
    BEGIN
        _text := json_text.document ->> json_text.field;
    EXCEPTION WHEN data_exception THEN
        _text := NULL;  -- \u0000 and lone surrogates have no text
    END;
    IF _text IS NULL THEN
        PERFORM moai_private.fail(422, format('%s holds a character that text cannot', json_text.field), _shown, E'Leave out \\u0000 and lone surrogates.');
    END IF;
    RETURN _text;
END
$$;
COMMENT ON FUNCTION moai_private.json_text IS 'The string in this field, NULL if absent or null. Raises MO422 naming the field for any other kind.';

CREATE OR REPLACE FUNCTION moai_private.json_interval(document json, field text)
    RETURNS interval
    LANGUAGE plpgsql
    STABLE
AS $$
DECLARE
    _text text := moai_private.json_text(json_interval.document, json_interval.field);
    _interval interval;
BEGIN
    BEGIN
        _interval := _text::interval;
    EXCEPTION WHEN data_exception THEN
        _interval := NULL;
    END;
    IF _text IS NOT NULL AND _interval IS NULL THEN
        PERFORM moai_private.fail(422, format('%s is not an interval', json_interval.field),
            format('%s = %s', json_interval.field, quote_literal(left(_text, 64))), 'Write a duration such as "5s", "10 minutes" or "PT5S".');
    END IF;
    RETURN _interval;
END
$$;
COMMENT ON FUNCTION moai_private.json_interval IS 'The interval written in this field. Raises MO422 naming the field.';

CREATE OR REPLACE FUNCTION moai_private.json_number(document json, field text)
    RETURNS double precision
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _value json := json_number.document -> json_number.field;
    _number double precision;
BEGIN
    IF coalesce(json_typeof(_value), 'null') = 'null' THEN
        RETURN NULL;
    END IF;
    IF json_typeof(_value) = 'number' THEN
        BEGIN
            _number := (_value::text)::double precision;
        EXCEPTION WHEN data_exception THEN
            _number := NULL;
        END;
    END IF;
    IF _number IS NULL THEN
        PERFORM moai_private.fail(422, format('%s is not a number in range', json_number.field),
            format('%s = %s', json_number.field, left(_value::text, 64)), format('Write "%s": 1.5 or the like.', json_number.field));
    END IF;
    RETURN _number;
END
$$;
COMMENT ON FUNCTION moai_private.json_number IS 'The number in this field. Raises MO422 naming the field.';

CREATE OR REPLACE FUNCTION moai_private.json_integer(document json, field text)
    RETURNS integer
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _number double precision := moai_private.json_number(json_integer.document, json_integer.field);
BEGIN
    IF _number <> trunc(_number) OR _number NOT BETWEEN -2147483648 AND 2147483647 THEN
        PERFORM moai_private.fail(422, format('%s is not an integer in range', json_integer.field),
            format('%s = %s', json_integer.field, left((json_integer.document -> json_integer.field)::text, 64)),
            format('Write "%s": 8 or the like.', json_integer.field));
    END IF;
    RETURN _number::integer;
END
$$;
COMMENT ON FUNCTION moai_private.json_integer IS 'The integer in this field. Raises MO422 naming the field.';

CREATE OR REPLACE FUNCTION moai_private.json_texts(document json, field text)
    RETURNS text[]
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _value json := json_texts.document -> json_texts.field;
    _texts text[];
BEGIN
    IF coalesce(json_typeof(_value), 'null') = 'null' THEN
        RETURN NULL;
    END IF;
    IF json_typeof(_value) = 'array' THEN
        SELECT coalesce(array_agg(moai_private.json_text(json_build_object(json_texts.field, e.value), json_texts.field) ORDER BY e.ordinality), '{}')
        INTO _texts FROM json_array_elements(_value) WITH ORDINALITY AS e;
    END IF;
    IF _texts IS NULL OR array_position(_texts, NULL) IS NOT NULL THEN
        PERFORM moai_private.fail(422, format('%s is not an array of strings', json_texts.field),
            format('%s = %s', json_texts.field, left(_value::text, 64)), format('Write "%s": ["…"].', json_texts.field));
    END IF;
    RETURN _texts;
END
$$;
COMMENT ON FUNCTION moai_private.json_texts IS 'The strings of the array in this field. Raises MO422 naming the field.';

CREATE OR REPLACE FUNCTION moai_private.json_intervals(document json, field text)
    RETURNS interval[]
    LANGUAGE sql
    STABLE
RETURN (
    SELECT coalesce(array_agg(moai_private.json_interval(json_build_object(json_intervals.field, t.text), json_intervals.field) ORDER BY t.place), '{}')
    FROM unnest(moai_private.json_texts(json_intervals.document, json_intervals.field)) WITH ORDINALITY AS t(text, place)
    HAVING json_typeof(json_intervals.document -> json_intervals.field) <> 'null');
COMMENT ON FUNCTION moai_private.json_intervals IS 'The intervals written in the array of strings in this field. Raises MO422 naming the field.';

CREATE OR REPLACE FUNCTION moai_private.json_integers(document json, field text)
    RETURNS integer[]
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _value json := json_integers.document -> json_integers.field;
    _integers integer[];
BEGIN
    IF coalesce(json_typeof(_value), 'null') = 'null' THEN
        RETURN NULL;
    END IF;
    IF json_typeof(_value) = 'array' THEN
        SELECT coalesce(array_agg(moai_private.json_integer(json_build_object(json_integers.field, e.value), json_integers.field) ORDER BY e.ordinality), '{}')
        INTO _integers FROM json_array_elements(_value) WITH ORDINALITY AS e;
    END IF;
    IF _integers IS NULL OR array_position(_integers, NULL) IS NOT NULL THEN
        PERFORM moai_private.fail(422, format('%s is not an array of integers', json_integers.field),
            format('%s = %s', json_integers.field, left(_value::text, 64)), format('Write "%s": [404].', json_integers.field));
    END IF;
    RETURN _integers;
END
$$;
COMMENT ON FUNCTION moai_private.json_integers IS 'The integers of the array in this field. Raises MO422 naming the field.';

CREATE OR REPLACE FUNCTION moai_private.json_value(document json, field text)
    RETURNS jsonb
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _value json := json_value.document -> json_value.field;
BEGIN
    RETURN nullif(_value::text::jsonb, 'null');
EXCEPTION WHEN data_exception THEN
    PERFORM moai_private.fail(422, format('%s holds a character that text cannot', json_value.field), NULL, E'Leave out \\u0000 and lone surrogates.');
END
$$;
COMMENT ON FUNCTION moai_private.json_value IS 'Whatever is in this field. Raises MO422 naming the field.';

CREATE OR REPLACE FUNCTION moai_private.json_unreadable_field(document json)
    RETURNS text
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _mark text := '<a character that text cannot hold>';
    _text text := json_unreadable_field.document::text;
BEGIN
    -- Escaped backslashes and pairs of surrogates first, so that what then looks like a bad escape is one.
    _text := regexp_replace(_text, E'\\\\\\\\', '..', 'g');
    _text := regexp_replace(_text, E'\\\\u[Dd][89ABab][0-9A-Fa-f]{2}\\\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}', '..', 'g');
    _text := regexp_replace(_text, E'\\\\u(0000|[Dd][89A-Fa-f][0-9A-Fa-f]{2})', _mark, 'g');
    RETURN (SELECT left(f.key, 64) || CASE WHEN length(f.key) > 64 THEN '…' ELSE '' END FROM json_each(_text::json) AS f
            WHERE strpos(f.key, _mark) = 0 AND strpos(f.value::text, _mark) > 0 LIMIT 1);
END
$$;
COMMENT ON FUNCTION moai_private.json_unreadable_field IS
$$The field (its first 64 characters) of the object whose value holds \u0000 or a lone surrogate. While one does, none of the others can be read with -> either:
reading a field decodes every escape of the document. NULL if it is not a value but a field's name.$$;

CREATE OR REPLACE FUNCTION moai_private.json_refuse_unknown(document json, known text[])
    RETURNS void
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _field text;
    _times bigint;
BEGIN
    IF json_typeof(json_refuse_unknown.document) IS DISTINCT FROM 'object' THEN
        PERFORM moai_private.fail(422, 'the document is not an object', 'it is ' || coalesce(json_typeof(json_refuse_unknown.document), 'null'),
            'Give a JSON object with the fields ' || array_to_string(json_refuse_unknown.known, ', ') || '.');
    END IF;
    BEGIN
        SELECT k.field, count(*) INTO _field, _times
        FROM json_object_keys(json_refuse_unknown.document) WITH ORDINALITY AS k(field, n)
        GROUP BY k.field
        HAVING NOT k.field = ANY (json_refuse_unknown.known) OR count(*) > 1
        ORDER BY min(k.n) LIMIT 1;
    EXCEPTION WHEN data_exception THEN
        PERFORM moai_private.fail(422,
            format('%s holds a character that text cannot', coalesce(moai_private.json_unreadable_field(json_refuse_unknown.document), 'the name of a field')),
            NULL, E'Leave out \\u0000 and lone surrogates.');
    END;
    IF _field = ANY (json_refuse_unknown.known) THEN
        PERFORM moai_private.fail(422, format('%s is given %s times', _field, _times), NULL, 'Give each field once.');
    ELSIF _field IS NOT NULL THEN
        PERFORM moai_private.fail(422, format('unknown field %s', quote_ident(left(_field, 64))), NULL,
            'Fields are ' || array_to_string(json_refuse_unknown.known, ', ') || '.');
    END IF;
END
$$;
COMMENT ON FUNCTION moai_private.json_refuse_unknown IS
'Raises MO422 naming the field unless the document is an object of known fields, each given once, whose escapes can all be read.';
