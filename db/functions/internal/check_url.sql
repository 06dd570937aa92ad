CREATE OR REPLACE FUNCTION moai_private.check_url(url text)
    RETURNS void
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _authority text := substring(check_url.url FROM '^[Hh][Tt][Tt][Pp][Ss]?://([^/?]*)');
    _parts text[] := regexp_match(_authority, '^([A-Za-z0-9._-]+|\[[0-9A-Fa-f.:]+\])(?::([0-9]{1,5}))?$');
    _wrong text;
    _hint text := 'Give an absolute http or https URL, for example "https://example.com/webhooks".';
BEGIN
    IF coalesce(check_url.url, '') = '' THEN
        _wrong := 'url is missing';
    ELSIF octet_length(check_url.url) > 2048 THEN
        _wrong := format('url is %s bytes long, 2048 are allowed', octet_length(check_url.url));
    ELSIF position('@' IN _authority) > 0 THEN
        _wrong := 'url has credentials';
        _hint := 'Leave them out: receivers know moai by the signature of each request.';
    ELSIF check_url.url ~ '[^!-~]' THEN
        _wrong := 'url has a space, a control character or one outside of ASCII';
        _hint := 'Percent-encode it; write an international host name in its xn-- form.';
    ELSIF check_url.url ~ '[\\#]' THEN
        _wrong := 'url has a backslash or a fragment';
        _hint := 'Percent-encode "\" and "#", or leave them out.';
    ELSIF _authority IS NULL THEN
        _wrong := 'url is neither http nor https';
    ELSIF _authority = '' OR _authority LIKE ':%' THEN
        _wrong := 'url has no host';
    ELSIF _parts IS NULL THEN
        _wrong := 'url has no valid host and port';
    ELSIF _parts[2]::integer NOT BETWEEN 1 AND 65535 THEN
        _wrong := 'url has a port outside of 1 to 65535';
    ELSIF _parts[1] LIKE '[%' THEN
        BEGIN
            IF family(btrim(_parts[1], '[]')::inet) <> 6 THEN
                _wrong := 'url has no IPv6 address in its brackets';
            END IF;
        EXCEPTION WHEN data_exception THEN
            _wrong := 'url has no IPv6 address in its brackets';
        END;
    END IF;
    IF _wrong IS NOT NULL THEN
        -- What may hold a password is not repeated into logs.
        PERFORM moai_private.fail(422, _wrong,
            CASE WHEN position('@' IN check_url.url) = 0 THEN 'url = ' || quote_literal(left(check_url.url, 200)) END, _hint);
    END IF;
END
$$;
COMMENT ON FUNCTION moai_private.check_url IS
$$Raises MO422 unless the text is an absolute http or https URL of at most 2048 bytes with a host and no credentials, space,
control character, backslash, fragment or character outside of ASCII. Where the host may lead is the worker's business.$$;
