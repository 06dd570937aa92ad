CREATE OR REPLACE FUNCTION moai_private.maintain(at timestamptz)
    RETURNS TABLE (partitions_made integer, keys_expired integer)
    LANGUAGE plpgsql
    VOLATILE
AS $$
BEGIN
    maintain.partitions_made := moai_private.make_partitions(maintain.at, interval '3 years');
    WITH expired AS (
        SELECT k.tenant, k.key FROM moai_private.idempotency_key AS k
        WHERE k.expires_at <= maintain.at LIMIT 10000 FOR UPDATE SKIP LOCKED
    )
    DELETE FROM moai_private.idempotency_key AS k USING expired AS x WHERE k.tenant = x.tenant AND k.key = x.key;
    GET DIAGNOSTICS maintain.keys_expired = ROW_COUNT;
    -- SKIP LOCKED: whoever is changing it may be rotating again.
    UPDATE moai_private.subscription AS s SET old_secrets = NULL, old_until = NULL
    WHERE s.id IN (
        SELECT o.id FROM moai_private.subscription AS o
        WHERE o.old_secrets IS NOT NULL AND maintain.at >= ALL (o.old_until) FOR UPDATE SKIP LOCKED);
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION moai_private.maintain IS 'moai.maintain at a given time.';
