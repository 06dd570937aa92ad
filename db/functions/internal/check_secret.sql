CREATE OR REPLACE FUNCTION moai_private.check_secret(secret text)
    RETURNS text
    LANGUAGE plpgsql
    VOLATILE
AS $$
DECLARE
    _is_private boolean := starts_with(check_secret.secret, 'whsk_');
    _base64 text := regexp_replace(check_secret.secret, '^(whsec|whsk)_', '');
    _key bytea;
    _hint text := 'Give "whsec_" and the padded base64 of 24 to 64 random bytes, or leave it out and take the one that is made; for ed25519 give the secret that moai keygen makes.';
BEGIN
    IF check_secret.secret IS NULL THEN
        -- Two UUIDs hold 244 bits of the server's strong random source, which the hash spreads over 32 bytes.
        _key := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
        RETURN 'whsec_' || encode(_key, 'base64');
    ELSIF starts_with(check_secret.secret, 'whpk_') THEN
        PERFORM moai_private.fail(422, 'secret is a public key', NULL, 'Give the private one, which begins with "whsk_"; receivers get the public one.');
    END IF;
    BEGIN
        _key := decode(_base64, 'base64');
    EXCEPTION WHEN data_exception THEN
        _key := NULL;
    END;
    -- Written back and compared: decode() skips spaces and overlooks stray bits in the last character.
    IF _key IS NULL OR translate(encode(_key, 'base64'), E'\n', '') <> _base64 THEN
        PERFORM moai_private.fail(422, 'secret is not padded base64', NULL, _hint);
    ELSIF _is_private AND octet_length(_key) <> 64 THEN
        PERFORM moai_private.fail(422, format('secret is %s bytes long, an ed25519 key has 64', octet_length(_key)), NULL, _hint);
    ELSIF octet_length(_key) NOT BETWEEN 24 AND 64 THEN
        PERFORM moai_private.fail(422, format('secret is %s bytes long, 24 to 64 are allowed', octet_length(_key)), NULL, _hint);
    END IF;
    RETURN CASE WHEN _is_private THEN 'whsk_' ELSE 'whsec_' END || _base64;
END
$$;
COMMENT ON FUNCTION moai_private.check_secret IS
$$The secret with its prefix whsec_ or whsk_; NULL makes a new one of 32 random bytes. Raises MO422, never repeating the secret, unless it is
the padded base64 of 24 to 64 bytes, or of the 64 of an ed25519 key. That the halves of such a key belong together only workers can see.$$;

CREATE OR REPLACE FUNCTION moai_private.public_key(secret text)
    RETURNS text
    LANGUAGE sql
    IMMUTABLE
    STRICT
    PARALLEL SAFE
RETURN CASE WHEN starts_with(public_key.secret, 'whsk_')
    THEN 'whpk_' || encode(substr(decode(substr(public_key.secret, 6), 'base64'), 33), 'base64') END;
COMMENT ON FUNCTION moai_private.public_key IS 'What receivers verify the signatures of an ed25519 secret with, "whpk_..."; NULL for any other secret.';
