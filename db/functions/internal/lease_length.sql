CREATE OR REPLACE FUNCTION moai_private.lease_length(timeout interval)
    RETURNS interval
    LANGUAGE sql
    IMMUTABLE
    PARALLEL SAFE
-- 3 s are the resolver's deadline, 10 s leave time to record the result.
RETURN lease_length.timeout + interval '13 seconds';
COMMENT ON FUNCTION moai_private.lease_length IS 'How long a claim holds a delivery whose request may take this long.';
