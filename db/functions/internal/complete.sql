CREATE OR REPLACE FUNCTION moai_private.complete(
    worker text, results json, at timestamptz, since timestamptz DEFAULT '-infinity', look_ahead boolean DEFAULT true)
    RETURNS TABLE (delivered integer, retried integer, dead_lettered integer, released integer, orphaned integer, next_due_in_us bigint)
    LANGUAGE plpgsql
    VOLATILE
    -- Pinned for the reasons that moai_private.claim gives.
    SET enable_seqscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    SET enable_bitmapscan = off
    SET enable_material = off
    SET plan_cache_mode = force_generic_plan
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    _ended record;
    _settled record;
BEGIN
    -- Before the attempts, as moai_private.retire_partitions does: what is told of a dead letter is an event.
    LOCK TABLE ONLY moai_private.event IN ACCESS SHARE MODE;
    SELECT e.* INTO _ended
    FROM moai_private.end_delivered(complete.worker, complete.results, complete.at) AS e;
    IF _ended.late + _ended.others > 0 THEN
        SELECT s.* INTO _settled FROM moai_private.settle_others(complete.worker, complete.results, _ended.late > 0, complete.at) AS s;
        complete.delivered := _ended.delivered + _settled.delivered;
        complete.retried := _settled.retried;
        complete.dead_lettered := _settled.dead_lettered;
        complete.released := _settled.released;
        complete.orphaned := _settled.orphaned;
    ELSE
        complete.delivered := _ended.delivered;
        complete.retried := 0;
        complete.dead_lettered := 0;
        complete.released := 0;
        complete.orphaned := 0;
    END IF;

    IF complete.look_ahead THEN
        SELECT (extract(epoch FROM d.due_at - complete.at) * 1000000)::bigint INTO complete.next_due_in_us
        FROM moai_private.delivery AS d
        WHERE d.due_at > complete.since AND d.due_at < 'infinity'
        ORDER BY d.due_at
        LIMIT 1;
    END IF;

    -- A due time known to this worker alone would be late if the worker died: the sentinel looks, and sets its timer.
    IF complete.retried + complete.released > 0 THEN
        PERFORM moai_private.ring_sentinel();
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION moai_private.complete IS 'moai.complete_deliveries at a given time.';
