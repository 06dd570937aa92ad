-- Headers that a subscription's requests bear beside those of every request.

CREATE OR REPLACE FUNCTION moai_private.merge_headers(old jsonb, changes jsonb)
    RETURNS jsonb
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _headers jsonb := coalesce(merge_headers.old, '{}');
    _seen text[] := '{}';
    _name text;
    _value jsonb;
BEGIN
    IF merge_headers.changes IS NULL THEN
        RETURN merge_headers.old;
    ELSIF jsonb_typeof(merge_headers.changes) <> 'object' THEN
        PERFORM moai_private.fail(422, 'headers is not an object', 'headers is ' || jsonb_typeof(merge_headers.changes),
            'Give names and values, for example {"X-Api-Key": "..."}; null for a value takes the header away.');
    END IF;
    FOR _name, _value IN SELECT e.key, e.value FROM jsonb_each(merge_headers.changes) AS e LOOP
        PERFORM moai_private.check_header(_name, _value);
        IF lower(_name) = ANY (_seen) THEN
            PERFORM moai_private.fail(422, 'headers has a name twice', 'headers has ' || quote_literal(left(_name, 64)), 'Names differ by more than their case.');
        END IF;
        _seen := _seen || lower(_name);
        _headers := CASE jsonb_typeof(_value) WHEN 'null' THEN _headers - lower(_name) ELSE _headers || jsonb_build_object(lower(_name), _value) END;
    END LOOP;
    IF (SELECT count(*) FROM jsonb_object_keys(_headers)) > 20 THEN
        PERFORM moai_private.fail(422, format('headers has %s names, 20 are allowed', (SELECT count(*) FROM jsonb_object_keys(_headers))), NULL, 'Take some away.');
    ELSIF octet_length(moai_private.header_lines(_headers)) > 8192 THEN
        PERFORM moai_private.fail(422, format('headers are %s bytes long, 8192 are allowed', octet_length(moai_private.header_lines(_headers))), NULL, 'Shorten them.');
    END IF;
    RETURN nullif(_headers, '{}');
END
$$;
COMMENT ON FUNCTION moai_private.merge_headers IS
$$The headers after these changes, by the rules of JSON Merge Patch (RFC 7396): a null takes a header away, what is not named stays. NULL: none. Raises MO422.$$;

CREATE OR REPLACE FUNCTION moai_private.check_header(name text, value jsonb)
    RETURNS void
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _shown text := 'headers has ' || quote_literal(left(check_header.name, 64));
    _text text := check_header.value #>> '{}';
BEGIN
    IF check_header.name !~ '^[!#$%&''*+.^_`|~0-9A-Za-z-]{1,128}$' THEN
        PERFORM moai_private.fail(422, 'headers has a name that is none', _shown, 'Use letters, digits and "-", 1 to 128 of them, for example "X-Api-Key".');
    ELSIF lower(check_header.name) IN ('connection', 'content-encoding', 'content-length', 'content-type', 'expect', 'host', 'keep-alive',
            'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'user-agent')
        OR lower(check_header.name) ~ '^(ce|moai|webhook)-' THEN
        PERFORM moai_private.fail(422, 'headers has a name that is reserved', _shown, 'moai sets it, or it belongs to the connection; use another name.');
    ELSIF jsonb_typeof(check_header.value) = 'null' THEN
        RETURN;
    ELSIF jsonb_typeof(check_header.value) <> 'string' OR octet_length(_text) NOT BETWEEN 1 AND 4096
        -- RFC 9110, 5.5, without what is obsolete or invites trouble.
        OR _text !~ '^[\x21-\x7e]([\x20-\x7e\x09]*[\x21-\x7e])?$' THEN
        PERFORM moai_private.fail(422, 'headers has a value that is none', _shown,
            'Give a string of 1 to 4096 visible ASCII characters, with spaces and tabs only in between; null takes the header away.');
    ELSIF _text = '***' THEN
        PERFORM moai_private.fail(422, 'headers has the stars that stand for a value that is not shown', _shown, 'Leave out what is to stay as it is.');
    END IF;
END
$$;
COMMENT ON FUNCTION moai_private.check_header IS 'Raises MO422, without the value, unless this is a header that a subscription may have, or take away.';

CREATE OR REPLACE FUNCTION moai_private.header_lines(headers jsonb)
    RETURNS text
    LANGUAGE sql
    IMMUTABLE
    STRICT
    PARALLEL SAFE
RETURN (SELECT string_agg(h.key || ': ' || h.value, E'\n' ORDER BY h.key) FROM jsonb_each_text(header_lines.headers) AS h);
COMMENT ON FUNCTION moai_private.header_lines IS '"name: value" of each, by their names, a line each; NULL if there is none.';

CREATE OR REPLACE FUNCTION moai_private.shown_headers(headers jsonb)
    RETURNS jsonb
    LANGUAGE sql
    IMMUTABLE
    STRICT
    PARALLEL SAFE
RETURN (SELECT jsonb_object_agg(h.key, CASE WHEN h.key ~ 'auth|cookie|credential|key|passw|secret|session|signature|token' THEN '***' ELSE h.value END)
        FROM jsonb_each_text(shown_headers.headers) AS h);
COMMENT ON FUNCTION moai_private.shown_headers IS 'Headers as they are shown: *** in the place of a value whose name sounds of a secret.';
