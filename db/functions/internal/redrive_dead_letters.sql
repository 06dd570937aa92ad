CREATE OR REPLACE FUNCTION moai_private.redrive_dead_letters(
    ids text[], subscription_id uuid, tenant text, max_count integer, at timestamptz)
    RETURNS integer
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _ids text[] := ARRAY(SELECT DISTINCT lower(i.id) FROM unnest(redrive_dead_letters.ids) AS i(id));
    _event_ids uuid[];
    _subscription_ids uuid[];
    _unfit record;
    _redriven integer;
BEGIN
    PERFORM moai_private.check_range('max_count', redrive_dead_letters.max_count::text,
        redrive_dead_letters.max_count BETWEEN 1 AND 10000, '1 to 10000');
    IF redrive_dead_letters.tenant IS NOT NULL THEN
        PERFORM moai_private.check_tenant(redrive_dead_letters.tenant);
    END IF;

    IF cardinality(_ids) > redrive_dead_letters.max_count THEN
        PERFORM moai_private.fail(422, format('ids has %s items, max_count allows %s', cardinality(_ids), redrive_dead_letters.max_count),
            'max_count = ' || redrive_dead_letters.max_count, 'Give fewer ids, or a greater max_count (up to 10000).');
    END IF;
    IF redrive_dead_letters.ids IS NOT NULL THEN
        SELECT i.id, s.id AS subscription_id INTO _unfit
        FROM unnest(_ids) AS i(id)
        CROSS JOIN LATERAL moai_private.read_delivery_id(i.id, 'dead letter') AS k
        LEFT JOIN moai_private.dead_letter AS l ON l.event_id = k.event_id AND l.subscription_id = k.subscription_id
        LEFT JOIN moai_private.subscription AS s ON s.id = l.subscription_id
        WHERE l.event_id IS NULL OR s.state = 'deleted'
        LIMIT 1;
        IF FOUND AND _unfit.subscription_id IS NULL THEN
            PERFORM moai_private.fail(404, 'no such dead letter', 'id = ' || _unfit.id,
                'moai.dead_letter lists those of your tenants; it may have been redriven or discarded already.');
        ELSIF FOUND THEN
            PERFORM moai_private.fail(410, 'subscription of the dead letter is deleted',
                format('id = %s, subscription = %s', _unfit.id, _unfit.subscription_id),
                'Discard it, or publish its event again for the subscriptions there are now.');
        END IF;
        SELECT array_agg(k.event_id), array_agg(k.subscription_id) INTO _event_ids, _subscription_ids
        FROM unnest(_ids) AS i(id) CROSS JOIN LATERAL moai_private.read_delivery_id(i.id, 'dead letter') AS k;
    END IF;

    SELECT array_agg(l.event_id), array_agg(l.subscription_id) INTO _event_ids, _subscription_ids
    FROM (
        SELECT l.event_id, l.subscription_id
        FROM moai_private.dead_letter AS l
        JOIN moai_private.subscription AS s ON s.id = l.subscription_id
        WHERE s.state <> 'deleted'
          AND (redrive_dead_letters.ids IS NULL
               OR (l.event_id, l.subscription_id) IN (SELECT k.e, k.s FROM unnest(_event_ids, _subscription_ids) AS k(e, s)))
          AND (redrive_dead_letters.subscription_id IS NULL OR l.subscription_id = redrive_dead_letters.subscription_id)
          AND (redrive_dead_letters.tenant IS NULL OR s.tenant = redrive_dead_letters.tenant)
        ORDER BY l.event_id, l.subscription_id
        LIMIT redrive_dead_letters.max_count
    ) AS l;

    -- Subscriptions before deliveries, as everywhere; what has changed since the look above drops out below.
    PERFORM FROM moai_private.subscription AS s WHERE s.id = ANY (_subscription_ids) ORDER BY s.id FOR SHARE;
    WITH chosen AS MATERIALIZED (
        SELECT l.event_id, l.subscription_id
        FROM moai_private.dead_letter AS l
        WHERE (l.event_id, l.subscription_id) IN (SELECT k.e, k.s FROM unnest(_event_ids, _subscription_ids) AS k(e, s))
        ORDER BY l.event_id, l.subscription_id
        FOR UPDATE
    ), taken AS (
        DELETE FROM moai_private.dead_letter AS l USING chosen AS c, moai_private.subscription AS s
        WHERE l.event_id = c.event_id AND l.subscription_id = c.subscription_id AND s.id = l.subscription_id AND s.state <> 'deleted'
        RETURNING l.event_id, l.subscription_id, l.attempt_no, s.max_attempts, s.held
    )
    INSERT INTO moai_private.delivery (event_id, subscription_id, due_at, attempt_no, tries_left, parked)
    SELECT t.event_id, t.subscription_id,
        redrive_dead_letters.at + CASE WHEN t.held THEN interval '30 seconds' ELSE interval '0' END,
        t.attempt_no, t.max_attempts, t.held
    FROM taken AS t;
    GET DIAGNOSTICS _redriven = ROW_COUNT;
    IF _redriven > 0 THEN
        PERFORM moai_private.ring_sentinel();
    END IF;
    RETURN _redriven;
END
$$;
COMMENT ON FUNCTION moai_private.redrive_dead_letters IS 'moai.redrive_dead_letters at a given time.';
