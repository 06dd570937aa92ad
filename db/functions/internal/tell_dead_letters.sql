CREATE OR REPLACE FUNCTION moai_private.tell_dead_letters(event_ids uuid[], subscription_ids uuid[])
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
    SET enable_seqscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    SET plan_cache_mode = force_generic_plan
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    _told uuid[] := moai_private.hearers('moai.delivery.dead_lettered', tell_dead_letters.subscription_ids);
    _least uuid;
    _greatest uuid;
    _ids uuid[];
    _details jsonb[];
BEGIN
    IF cardinality(_told) = 0 THEN
        RETURN;
    END IF;
    SELECT e.id INTO _least FROM unnest(tell_dead_letters.event_ids) AS e(id) ORDER BY e.id LIMIT 1;
    SELECT e.id INTO _greatest FROM unnest(tell_dead_letters.event_ids) AS e(id) ORDER BY e.id DESC LIMIT 1;
    SELECT array_agg(l.subscription_id ORDER BY l.event_id, l.subscription_id),
        array_agg(jsonb_build_object('delivery_id', l.event_id::text || '_' || l.subscription_id::text, 'event_id', l.event_id, 'event_type', e.type,
            'attempts', l.attempt_no, 'reason', l.reason, 'http_status', l.http_status, 'error_class', l.error_class)
            ORDER BY l.event_id, l.subscription_id)
    INTO _ids, _details
    FROM unnest(tell_dead_letters.event_ids, tell_dead_letters.subscription_ids) AS k(event_id, subscription_id)
    CROSS JOIN LATERAL (
        SELECT d.* FROM moai_private.dead_letter AS d WHERE d.event_id = k.event_id AND d.subscription_id = k.subscription_id LIMIT 1
    ) AS l
    -- Between the two ids: see moai_private.claim.
    CROSS JOIN LATERAL (
        SELECT coalesce(
            (SELECT e.type FROM moai_private.event AS e WHERE e.id = k.event_id AND e.id BETWEEN _least AND _greatest LIMIT 1),
            (SELECT h.type FROM moai_private.event_held AS h WHERE h.id = k.event_id)) AS type
    ) AS e
    WHERE k.subscription_id = ANY (_told);
    PERFORM moai_private.publish_operational('moai.delivery.dead_lettered', _ids, _details);
END
$$;
COMMENT ON FUNCTION moai_private.tell_dead_letters IS 'Publishes moai.delivery.dead_lettered for each of these dead letters whose tenant wants to hear of them.';
