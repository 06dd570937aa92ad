CREATE OR REPLACE FUNCTION moai_private.content_hash(type text, payload json)
    RETURNS bytea
    LANGUAGE sql
    IMMUTABLE
    PARALLEL SAFE
-- The type cannot hold a line feed, so that no two contents run together to the same bytes.
RETURN sha256(convert_to(content_hash.type || E'\n' || content_hash.payload::text, 'UTF8'));
COMMENT ON FUNCTION moai_private.content_hash IS 'What makes two publishings the same content: type and payload bytes (SHA-256).';
