CREATE OR REPLACE FUNCTION moai_private.log_attempts(attempts moai_private.attempt[])
    RETURNS integer
    LANGUAGE plpgsql
    VOLATILE
AS $$
DECLARE
    _orphans integer;
BEGIN
    -- Whether the partitions are there is asked in the statement that inserts: it holds the lock that retiring them needs.
    -- A result that is recorded already (its first COMMIT was not heard) has lost its lease meanwhile, so that it comes as an orphan, and
    -- meets its own row. The others cannot: they are spared the search for a row that conflicts, a third of what inserting costs.
    WITH placed AS MATERIALIZED (
        SELECT moai_private.have_partitions(ARRAY(SELECT a.event_id FROM unnest(log_attempts.attempts) AS a)) AS everywhere
    ), logged AS (
        INSERT INTO moai_private.attempt
        SELECT a.* FROM unnest(log_attempts.attempts) AS a
        WHERE NOT a.is_orphan AND ((SELECT p.everywhere FROM placed AS p) OR moai_private.have_partitions(ARRAY[a.event_id]))
    ), logged_orphan AS (
        INSERT INTO moai_private.attempt
        SELECT a.* FROM unnest(log_attempts.attempts) AS a
        WHERE a.is_orphan AND ((SELECT p.everywhere FROM placed AS p) OR moai_private.have_partitions(ARRAY[a.event_id]))
        ON CONFLICT DO NOTHING
        RETURNING is_orphan
    ), logged_held AS (
        INSERT INTO moai_private.attempt_held
        SELECT a.* FROM unnest(log_attempts.attempts) AS a
        WHERE NOT (SELECT p.everywhere FROM placed AS p) AND NOT moai_private.have_partitions(ARRAY[a.event_id])
        ON CONFLICT DO NOTHING
        RETURNING is_orphan
    )
    SELECT (SELECT count(*) FROM logged_orphan) + (SELECT count(*) FROM logged_held WHERE is_orphan) INTO _orphans;
    RETURN _orphans;
END
$$;
COMMENT ON FUNCTION moai_private.log_attempts IS
'Appends attempts, in the partition of their event or, if that is gone, in attempt_held. Returns how many of the new ones are orphans.';
