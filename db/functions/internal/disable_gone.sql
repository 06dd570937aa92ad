CREATE OR REPLACE FUNCTION moai_private.disable_gone(verdicts moai_private.verdict[], at timestamptz)
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
BEGIN
    IF NOT EXISTS (SELECT FROM unnest(disable_gone.verdicts) AS v WHERE (v.attempt).http_status = 410) THEN
        RETURN;
    END IF;
    -- SKIP LOCKED: whoever holds a subscription may wait for the rows of the queue that we hold. The next 410 comes by then.
    UPDATE moai_private.subscription AS s
    SET state = 'disabled', state_reason = format('410 Gone was answered to event %s', g.event_id), held = true, updated_at = disable_gone.at
    FROM (
        SELECT s.id, v.event_id
        FROM (
            SELECT (v.attempt).subscription_id AS id, max((v.attempt).event_id::text) AS event_id
            FROM unnest(disable_gone.verdicts) AS v
            -- What was sent before the subscription last changed may have gone to another URL, or its answer is what an operator has just mended.
            JOIN moai_private.subscription AS u ON u.id = (v.attempt).subscription_id AND u.updated_at <= (v.attempt).started_at
            WHERE v.verdict IN ('retried', 'dead') AND (v.attempt).http_status = 410
            GROUP BY 1
        ) AS v
        JOIN moai_private.subscription AS s ON s.id = v.id
        WHERE s.state = 'active'
        ORDER BY s.id
        FOR UPDATE OF s SKIP LOCKED
    ) AS g
    WHERE s.id = g.id;
END
$$;
COMMENT ON FUNCTION moai_private.disable_gone IS
$$Disables the active subscriptions whose endpoint answered 410 Gone under a lease that held, to a request sent since they last changed: their deliveries wait, parked, until
moai.resume_subscription or the end. Locks: these subscriptions FOR UPDATE, skipping locked ones.$$;
