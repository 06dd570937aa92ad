CREATE OR REPLACE FUNCTION moai_private.disable_gone(verdicts moai_private.verdict[], at timestamptz)
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _ids uuid[];
    _reasons text[];
BEGIN
    IF NOT EXISTS (SELECT FROM unnest(disable_gone.verdicts) AS v WHERE (v.attempt).http_status = 410) THEN
        RETURN;
    END IF;
    SELECT array_agg(g.id), array_agg(format('410 Gone was answered to event %s', g.event_id))
    INTO _ids, _reasons
    FROM (
        SELECT (v.attempt).subscription_id AS id, max((v.attempt).event_id::text) AS event_id
        FROM unnest(disable_gone.verdicts) AS v
        -- What was sent before the subscription last changed may have gone to another URL, or its answer is what an operator has just mended.
        JOIN moai_private.subscription AS u ON u.id = (v.attempt).subscription_id AND u.updated_at <= (v.attempt).started_at
        WHERE v.verdict IN ('retried', 'dead') AND (v.attempt).http_status = 410
        GROUP BY 1
    ) AS g;
    PERFORM moai_private.disable(_ids, _reasons, disable_gone.at);
END
$$;
COMMENT ON FUNCTION moai_private.disable_gone IS
$$Disables the active subscriptions whose endpoint answered 410 Gone under a lease that held, to a request sent since they last changed. Locks: as moai_private.disable.$$;
