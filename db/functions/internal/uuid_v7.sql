CREATE OR REPLACE FUNCTION moai_private.uuid_v7(at timestamptz)
    RETURNS uuid
    LANGUAGE plpgsql
    VOLATILE
    PARALLEL SAFE
AS $$
DECLARE
    _micros bigint := extract(epoch FROM uuid_v7.at) * 1000000;
BEGIN
    -- 48 bits of milliseconds, version 7, the fraction of the millisecond in rand_a, then the variant and 62 random bits of a v4.
    RETURN (lpad(to_hex(_micros / 1000), 12, '0') || '7' || lpad(to_hex(_micros % 1000 * 4096 / 1000), 3, '0')
            || substr(gen_random_uuid()::text, 20))::uuid;
END
$$;
COMMENT ON FUNCTION moai_private.uuid_v7 IS
'A new UUID that sorts by its time: RFC 9562, section 5.7 with method 3 of section 6.2 (12 bits of sub-millisecond time).';

CREATE OR REPLACE FUNCTION moai_private.uuid_v7_floor(at timestamptz)
    RETURNS uuid
    LANGUAGE sql
    IMMUTABLE
    PARALLEL SAFE
RETURN (lpad(to_hex(floor(extract(epoch FROM uuid_v7_floor.at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;
COMMENT ON FUNCTION moai_private.uuid_v7_floor IS 'The least UUID whose time is this: the border between partitions.';
