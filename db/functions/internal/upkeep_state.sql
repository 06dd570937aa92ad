CREATE OR REPLACE FUNCTION moai_private.upkeep_state(login name, at timestamptz)
    RETURNS TABLE (allowed boolean, owner name, dead_rows bigint, vacuums bigint, analyze_due boolean, analyzes bigint)
    LANGUAGE plpgsql
    STABLE
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    _queue oid := 'moai_private.delivery'::regclass;
    _parents oid[] := ARRAY['moai_private.event'::regclass, 'moai_private.attempt'::regclass, 'moai_private.outcome'::regclass];
    _owner oid := (SELECT c.relowner FROM pg_class AS c WHERE c.oid = _queue);
BEGIN
    upkeep_state.owner := pg_get_userbyid(_owner);
    -- As VACUUM itself judges it: who owns the table or the database, by membership that is inherited.
    upkeep_state.allowed := pg_has_role(upkeep_state.login, _owner, 'USAGE')
        OR (SELECT pg_has_role(upkeep_state.login, d.datdba, 'USAGE') FROM pg_database AS d WHERE d.datname = current_database());
    upkeep_state.dead_rows := pg_stat_get_dead_tuples(_queue);
    upkeep_state.vacuums := pg_stat_get_vacuum_count(_queue) + pg_stat_get_autovacuum_count(_queue);
    -- Nobody else analyzes a partitioned table as a whole.
    SELECT coalesce(bool_or(l.rows > 0 AND (coalesce(pg_stat_get_last_analyze_time(p.id), '-infinity') < upkeep_state.at - interval '1 day'
                                            OR l.rows > 2 * greatest(c.reltuples, 0) + 10000)), false),
        sum(pg_stat_get_analyze_count(p.id))
    INTO upkeep_state.analyze_due, upkeep_state.analyzes
    FROM unnest(_parents) AS p(id)
    JOIN pg_class AS c ON c.oid = p.id
    CROSS JOIN LATERAL (SELECT coalesce(sum(pg_stat_get_live_tuples(i.inhrelid)), 0) AS rows FROM pg_inherits AS i WHERE i.inhparent = p.id) AS l;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION moai_private.upkeep_state IS 'moai.upkeep_state of a login at a given time.';
