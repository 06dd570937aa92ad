CREATE OR REPLACE FUNCTION moai_private.record_outcomes(outcomes moai_private.outcome[])
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
AS $$
BEGIN
    IF coalesce(cardinality(record_outcomes.outcomes), 0) = 0 THEN
        RETURN;
    END IF;
    INSERT INTO moai_private.outcome
    SELECT o.* FROM unnest(record_outcomes.outcomes) AS o
    WHERE NOT EXISTS (SELECT FROM moai_private.event_held AS h WHERE h.id = o.event_id);
    INSERT INTO moai_private.outcome_held
    SELECT o.* FROM unnest(record_outcomes.outcomes) AS o
    WHERE EXISTS (SELECT FROM moai_private.event_held AS h WHERE h.id = o.event_id);
END
$$;
COMMENT ON FUNCTION moai_private.record_outcomes IS 'Appends terminal facts that no attempt carries, in the partition of their event or, if that is gone, in outcome_held.';
