CREATE OR REPLACE FUNCTION moai_private.random_token()
    RETURNS bigint
    LANGUAGE plpgsql
    VOLATILE
    PARALLEL SAFE
AS $$
DECLARE
    _uuid text := gen_random_uuid()::text;
BEGIN
    -- 64 of the bits that neither version nor variant takes.
    RETURN ('x' || substr(_uuid, 1, 8) || substr(_uuid, 10, 4) || right(_uuid, 4))::bit(64)::bigint;
END
$$;
COMMENT ON FUNCTION moai_private.random_token IS '64 bits from the server''s strong random source.';
