CREATE OR REPLACE FUNCTION moai_private.key_id(secret text)
    RETURNS text
    LANGUAGE sql
    IMMUTABLE
    STRICT
    PARALLEL SAFE
RETURN left(encode(sha256(convert_to(key_id.secret, 'UTF8')), 'hex'), 8);
COMMENT ON FUNCTION moai_private.key_id IS
'What a secret is called where it must not be shown: the first 8 hexadecimal digits of its SHA-256. src/delivery/keyring.cpp says the same of it.';
