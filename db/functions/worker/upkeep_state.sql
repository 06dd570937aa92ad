CREATE OR REPLACE FUNCTION moai.upkeep_state()
    RETURNS TABLE (allowed boolean, owner name, dead_rows bigint, vacuums bigint, analyze_due boolean, analyzes bigint)
    LANGUAGE plpgsql
    STABLE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- current_user is the owner here; who vacuums is whom the session has made itself.
    RETURN QUERY SELECT * FROM moai_private.upkeep_state(
        CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role')::name END, clock_timestamp());
END
$$;
COMMENT ON FUNCTION moai.upkeep_state IS
$$What VACUUM of the queue and ANALYZE of the partitioned tables would find, and whether this session may run them (allowed: a member of owner): the
server only warns those who may not. dead_rows, as far as statistics have it; vacuums and analyzes, counts that tell afterwards whether they took
place; analyze_due: a day after the last, and when tables have doubled. A worker asks before and after. Locks: none.$$;
