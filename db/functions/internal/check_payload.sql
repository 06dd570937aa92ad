CREATE OR REPLACE FUNCTION moai_private.is_too_deep(characters integer, payload jsonb)
    RETURNS boolean
    LANGUAGE sql
    IMMUTABLE
    PARALLEL SAFE
-- 513 nested containers take 1026 characters, so that most payloads are not walked at all. strict: lax looks into an array for its
-- elements, and so overlooks an empty one.
RETURN is_too_deep.characters > 1025
    AND jsonb_path_exists(is_too_deep.payload, 'strict $.**{512} ? (@.type() == "array" || @.type() == "object")');
COMMENT ON FUNCTION moai_private.is_too_deep IS 'Is the payload, which takes so many characters as text, nested more than 512 deep?';

CREATE OR REPLACE FUNCTION moai_private.check_payload(payload json)
    RETURNS void
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _text text := check_payload.payload::text;
    _jsonb jsonb;
    _reason text;
BEGIN
    IF _text IS NULL THEN
        PERFORM moai_private.fail(422, 'payload is missing', NULL, 'Give the payload as JSON; null is a payload too.');
    ELSIF octet_length(_text) > 1048576 THEN
        PERFORM moai_private.fail(422, format('payload is %s bytes long, 1048576 are allowed', octet_length(_text)), NULL,
            'Publish a smaller payload, for example a reference to the data.');
    END IF;
    BEGIN
        _jsonb := _text::jsonb;
    EXCEPTION
        WHEN data_exception OR program_limit_exceeded OR statement_too_complex THEN
            GET STACKED DIAGNOSTICS _reason = MESSAGE_TEXT;
    END;
    IF _reason IS NOT NULL THEN
        PERFORM moai_private.fail(422, 'payload cannot be read as jsonb: ' || _reason, NULL,
            E'Leave out \\u0000, lone surrogates and numbers that numeric cannot hold.');
    END IF;
    IF moai_private.is_too_deep(length(_text), _jsonb) THEN
        PERFORM moai_private.fail(422, 'payload is nested more than 512 deep', NULL, 'Nest it less deeply.');
    END IF;
END
$$;
COMMENT ON FUNCTION moai_private.check_payload IS
'Raises MO422 unless the payload is convertible to jsonb, at most 1 MiB, and nested at most 512 deep.';
