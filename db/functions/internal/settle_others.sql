CREATE OR REPLACE FUNCTION moai_private.settle_others(
    worker text, results json, with_delivered boolean, at timestamptz,
    OUT delivered integer, OUT retried integer, OUT dead_lettered integer, OUT released integer, OUT orphaned integer)
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _verdicts moai_private.verdict[] := moai_private.judge(settle_others.worker, settle_others.results, settle_others.with_delivered, settle_others.at);
    _parked integer;
BEGIN
    SELECT count(*) FILTER (WHERE v.verdict = 'delivered'), count(*) FILTER (WHERE v.verdict = 'retried'),
           count(*) FILTER (WHERE v.verdict = 'dead'), count(*) FILTER (WHERE v.verdict = 'released'),
           count(*) FILTER (WHERE v.verdict = 'parked')
    INTO settle_others.delivered, settle_others.retried, settle_others.dead_lettered, settle_others.released, _parked
    FROM unnest(_verdicts) AS v;

    -- The rows are locked, and every statement below sees them as they were locked: their places hold until we are done.
    DELETE FROM moai_private.delivery AS d
    USING unnest(_verdicts) AS v
    WHERE d.ctid = v.place AND v.verdict IN ('delivered', 'dead', 'cancelled');

    IF settle_others.retried + settle_others.released + _parked > 0 THEN
        UPDATE moai_private.delivery AS d
        SET due_at = v.due_at, lease_token = NULL, lapses = 0, parked = v.verdict = 'parked',
            attempt_no = CASE v.verdict WHEN 'retried' THEN (v.attempt).attempt_no ELSE d.attempt_no END,
            tries_left = CASE v.verdict WHEN 'retried' THEN d.tries_left - 1 ELSE d.tries_left END
        FROM unnest(_verdicts) AS v
        WHERE d.ctid = v.place AND v.verdict IN ('retried', 'released', 'parked');
    END IF;
    IF settle_others.dead_lettered > 0 THEN
        INSERT INTO moai_private.dead_letter (event_id, subscription_id, dead_at, attempt_no, reason, http_status, error_class, error_detail)
        SELECT (v.attempt).event_id, (v.attempt).subscription_id, settle_others.at, (v.attempt).attempt_no, coalesce((v.attempt).terminal_reason, 'exhausted'),
            (v.attempt).http_status, (v.attempt).error_class, (v.attempt).error_detail
        FROM unnest(_verdicts) AS v WHERE v.verdict = 'dead';
        PERFORM moai_private.tell_dead_letters(
            array_agg((v.attempt).event_id), array_agg((v.attempt).subscription_id))
        FROM unnest(_verdicts) AS v WHERE v.verdict = 'dead';
    END IF;
    IF settle_others.delivered > 0 THEN
        PERFORM moai_private.note_successes(ARRAY(SELECT DISTINCT (v.attempt).subscription_id FROM unnest(_verdicts) AS v WHERE v.verdict = 'delivered'));
    END IF;
    PERFORM moai_private.disable_gone(_verdicts, settle_others.at);
    PERFORM moai_private.note_failures(_verdicts, settle_others.at);
    settle_others.orphaned := moai_private.log_attempts(ARRAY(
        SELECT v.attempt FROM unnest(_verdicts) AS v WHERE (v.verdict IN ('released', 'parked')) IS NOT TRUE AND (v.attempt).event_id IS NOT NULL));
END
$$;
COMMENT ON FUNCTION moai_private.settle_others IS
$$Does with the results that end_delivered left what moai_private.judge decides on them: reschedules, releases, parks, dead-letters, or logs
them as orphans. With the delivered ones too, if any of them was late: those that have just been ended then meet their own attempt, and
nothing happens. Returns how many met which fate.$$;
