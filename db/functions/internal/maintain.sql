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
    UPDATE moai_private.subscription AS s
    SET (old_secrets, old_until) = (
        SELECT array_agg(x.secret ORDER BY x.place), array_agg(x.until ORDER BY x.place)
        FROM unnest(s.old_secrets, s.old_until) WITH ORDINALITY AS x(secret, until, place) WHERE x.until > maintain.at)
    WHERE s.id IN (
        SELECT o.id FROM moai_private.subscription AS o
        WHERE o.old_secrets IS NOT NULL AND maintain.at >= ANY (o.old_until) FOR UPDATE SKIP LOCKED);
    -- What would begin anew with the next failure, or never ends.
    DELETE FROM moai_private.failing AS f
    USING (
        SELECT f.ctid AS tid
        FROM moai_private.failing AS f
        JOIN moai_private.subscription AS s ON s.id = f.subscription_id
        WHERE s.state IN ('disabled', 'deleted') OR s.disable_after IS NULL OR f.last < maintain.at - moai_private.longest_silence(s.disable_after)
        FOR UPDATE OF f SKIP LOCKED
    ) AS k
    WHERE f.ctid = k.tid;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION moai_private.maintain IS 'moai.maintain at a given time.';
