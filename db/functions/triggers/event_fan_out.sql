CREATE OR REPLACE FUNCTION moai_private.tg_event_fan_out()
    RETURNS trigger
    LANGUAGE plpgsql
    VOLATILE
    -- The tables behind the join are small, new or never analysed at first: the index look-up is right at any size.
    SET enable_seqscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    SET enable_bitmapscan = off
    SET jit = off
AS $$
BEGIN
    INSERT INTO moai_private.delivery (event_id, subscription_id, due_at, tries_left, parked)
    SELECT DISTINCT e.id, s.id,
        -- A held subscription may be resumed while this transaction is open; its rows come back by themselves.
        e.published_at + CASE WHEN s.held THEN interval '30 seconds' ELSE interval '0' END,
        s.max_attempts, s.held
    FROM new_event AS e
    CROSS JOIN LATERAL unnest(moai_private.type_patterns(e.type)) AS p(pattern)
    -- OFFSET 0 keeps the planner from joining freely: while it takes the table for small, it probes the index with the pattern alone,
    -- reads it from end to end, and meets the '*' of every tenant.
    CROSS JOIN LATERAL (
        SELECT t.subscription_id FROM moai_private.subscription_type AS t
        WHERE t.tenant = e.tenant AND t.pattern = p.pattern OFFSET 0
    ) AS t
    JOIN moai_private.subscription AS s ON s.id = t.subscription_id;
    -- For parked ones too: they come back in 30 seconds, which must stand in somebody's timer.
    IF FOUND THEN
        PERFORM moai_private.ring_sentinel();
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION moai_private.tg_event_fan_out IS
'One delivery for each (event, matching subscription) of the statement, in the publisher''s transaction; rings the workers if there is any.';

-- Made once: replacing it at every re-apply would wait for the open publishers, and all others behind it.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'event_fan_out' AND tgrelid = 'moai_private.event'::regclass) THEN
        CREATE TRIGGER event_fan_out
            AFTER INSERT ON moai_private.event
            REFERENCING NEW TABLE AS new_event
            FOR EACH STATEMENT EXECUTE FUNCTION moai_private.tg_event_fan_out();
    END IF;
END
$$;
