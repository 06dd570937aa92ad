CREATE OR REPLACE FUNCTION moai.history_stats()
    RETURNS json
    LANGUAGE plpgsql
    STABLE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off  -- compiling for many partitions takes longer than reading them
AS $$
BEGIN
    RETURN (
        SELECT json_build_object(
            'delivered', count(*) FILTER (WHERE d.state = 'delivered'),
            'dead', count(*) FILTER (WHERE d.state = 'dead'),
            'cancelled', count(*) FILTER (WHERE d.state = 'cancelled'),
            'expired', count(*) FILTER (WHERE d.state = 'expired'),
            'superseded', count(*) FILTER (WHERE d.state = 'superseded'))
        FROM moai_private.standing_fact AS d);
END
$$;
COMMENT ON FUNCTION moai.history_stats IS
$$How the finished deliveries ended, of the tenants that the login acts for, as JSON: delivered, dead (discarded dead letters included), cancelled,
expired, superseded. moai.stats counts the unfinished ones.
Reads the whole history, about a second for a million deliveries: set a statement_timeout. Locks: none.$$;
