CREATE OR REPLACE FUNCTION moai_private.record_outcomes(outcomes moai_private.outcome[])
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
AS $$
BEGIN
    IF coalesce(cardinality(record_outcomes.outcomes), 0) = 0 THEN
        RETURN;
    END IF;
    -- Whether the partitions are there is asked in the statement that inserts: it holds the lock that retiring them needs.
    WITH placed AS MATERIALIZED (
        SELECT moai_private.have_partitions(ARRAY(SELECT o.event_id FROM unnest(record_outcomes.outcomes) AS o)) AS everywhere
    ), recorded AS (
        INSERT INTO moai_private.outcome
        SELECT o.* FROM unnest(record_outcomes.outcomes) AS o
        WHERE (SELECT p.everywhere FROM placed AS p) OR moai_private.have_partitions(ARRAY[o.event_id])
    )
    INSERT INTO moai_private.outcome_held
    SELECT o.* FROM unnest(record_outcomes.outcomes) AS o
    WHERE NOT (SELECT p.everywhere FROM placed AS p) AND NOT moai_private.have_partitions(ARRAY[o.event_id]);
END
$$;
COMMENT ON FUNCTION moai_private.record_outcomes IS 'Appends terminal facts that no attempt carries, in the partition of their event or, if that is gone, in outcome_held.';
