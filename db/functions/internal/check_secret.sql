CREATE OR REPLACE FUNCTION moai_private.check_secret(secret text)
    RETURNS text
    LANGUAGE plpgsql
    VOLATILE
AS $$
DECLARE
    _base64 text := regexp_replace(check_secret.secret, '^whsec_', '');
    _key bytea;
    _hint text := 'Give "whsec_" and the padded base64 of 24 to 64 random bytes, or leave it out and take the one that is made.';
BEGIN
    IF check_secret.secret IS NULL THEN
        -- Two UUIDs hold 244 bits of the server's strong random source, which the hash spreads over 32 bytes.
        _key := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
        RETURN 'whsec_' || encode(_key, 'base64');
    END IF;
    BEGIN
        _key := decode(_base64, 'base64');
    EXCEPTION WHEN data_exception THEN
        _key := NULL;
    END;
    -- Written back and compared: decode() skips spaces and overlooks stray bits in the last character.
    IF _key IS NULL OR translate(encode(_key, 'base64'), E'\n', '') <> _base64 THEN
        PERFORM moai_private.fail(422, 'secret is not padded base64', NULL, _hint);
    ELSIF octet_length(_key) NOT BETWEEN 24 AND 64 THEN
        PERFORM moai_private.fail(422, format('secret is %s bytes long, 24 to 64 are allowed', octet_length(_key)), NULL, _hint);
    END IF;
    RETURN 'whsec_' || _base64;
END
$$;
COMMENT ON FUNCTION moai_private.check_secret IS
$$The secret with its prefix whsec_; NULL makes a new one of 32 random bytes. Raises MO422, never repeating the secret, unless it is
the padded base64 of 24 to 64 bytes.$$;
