CREATE OR REPLACE FUNCTION moai_private.complete(worker text, results json, at timestamptz)
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
    _verdicts moai_private.verdict[] := moai_private.judge(complete.worker, complete.results, complete.at);
    _parked integer;
BEGIN
    SELECT count(*) FILTER (WHERE v.verdict = 'delivered'), count(*) FILTER (WHERE v.verdict = 'retried'),
           count(*) FILTER (WHERE v.verdict = 'dead'), count(*) FILTER (WHERE v.verdict = 'released'),
           count(*) FILTER (WHERE v.verdict = 'parked')
    INTO complete.delivered, complete.retried, complete.dead_lettered, complete.released, _parked
    FROM unnest(_verdicts) AS v;

    -- The rows are locked, and every statement below sees them as they were locked: their places hold until we are done.
    DELETE FROM moai_private.delivery AS d
    USING unnest(_verdicts) AS v
    WHERE d.ctid = v.place AND v.verdict IN ('delivered', 'dead', 'cancelled');

    IF complete.retried + complete.released + _parked > 0 THEN
        UPDATE moai_private.delivery AS d
        SET due_at = v.due_at, lease_token = NULL, lapses = 0, parked = v.verdict = 'parked',
            attempt_no = CASE v.verdict WHEN 'retried' THEN (v.attempt).attempt_no ELSE d.attempt_no END,
            tries_left = CASE v.verdict WHEN 'retried' THEN d.tries_left - 1 ELSE d.tries_left END
        FROM unnest(_verdicts) AS v
        WHERE d.ctid = v.place AND v.verdict IN ('retried', 'released', 'parked');
    END IF;
    IF complete.dead_lettered > 0 THEN
        INSERT INTO moai_private.dead_letter (event_id, subscription_id, dead_at, attempt_no, reason, http_status, error_class, error_detail)
        SELECT (v.attempt).event_id, (v.attempt).subscription_id, complete.at, (v.attempt).attempt_no, 'exhausted',
            (v.attempt).http_status, (v.attempt).error_class, (v.attempt).error_detail
        FROM unnest(_verdicts) AS v WHERE v.verdict = 'dead';
    END IF;
    complete.orphaned := moai_private.log_attempts(ARRAY(
        SELECT v.attempt FROM unnest(_verdicts) AS v WHERE (v.verdict IN ('released', 'parked')) IS NOT TRUE AND (v.attempt).event_id IS NOT NULL));

    SELECT (extract(epoch FROM d.due_at - complete.at) * 1000000)::bigint INTO complete.next_due_in_us
    FROM moai_private.delivery AS d
    WHERE d.due_at < 'infinity'
    ORDER BY d.due_at
    LIMIT 1;

    -- A due time known to this worker alone would be late if the worker died: the sentinel looks, and sets its timer.
    IF complete.retried + complete.released > 0 THEN
        PERFORM moai_private.ring_sentinel();
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION moai_private.complete IS 'moai.complete_deliveries at a given time.';
