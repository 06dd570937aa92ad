CREATE OR REPLACE FUNCTION moai_private.have_partitions(event_ids uuid[])
    RETURNS boolean
    LANGUAGE plpgsql
    STABLE
AS $$
DECLARE
    _id uuid;
BEGIN
    -- Partitions are made and retired in order of time, so the least and the greatest id speak for all.
    FOREACH _id IN ARRAY ARRAY[
        (SELECT i FROM unnest(have_partitions.event_ids) AS i ORDER BY i LIMIT 1),
        (SELECT i FROM unnest(have_partitions.event_ids) AS i ORDER BY i DESC LIMIT 1)]
    LOOP
        IF to_regclass('moai_private.attempt_' || moai_private.partition_week(
                to_timestamp(('x' || translate(left(_id::text, 13), '-', ''))::bit(48)::bigint / 1000.0))) IS NULL THEN
            RETURN false;
        END IF;
    END LOOP;
    RETURN true;
END
$$;
COMMENT ON FUNCTION moai_private.have_partitions IS
$$Whether the history of these events has a partition to go to; without one it goes to attempt_held and outcome_held.
The answer holds as long as the statement that asks holds a lock on attempt or outcome.$$;
