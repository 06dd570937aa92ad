-- Events that moai publishes itself. Their types begin with "moai.", which nobody else may use, and only patterns that begin so take them.

CREATE OR REPLACE FUNCTION moai_private.hearers(type text, subscription_ids uuid[])
    RETURNS uuid[]
    LANGUAGE plpgsql
    STABLE
    SET enable_seqscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    SET jit = off
AS $$
BEGIN
    RETURN ARRAY(
        SELECT s.id
        FROM moai_private.subscription AS s
        WHERE s.id = ANY (hearers.subscription_ids)
          AND NOT EXISTS (SELECT FROM unnest(s.event_types) AS p(pattern) WHERE moai_private.is_operational(p.pattern))
          AND EXISTS (
            SELECT FROM unnest(moai_private.type_patterns(hearers.type)) AS p(pattern)
            CROSS JOIN LATERAL (
                SELECT FROM moai_private.subscription_type AS t WHERE t.tenant = s.tenant AND t.pattern = p.pattern LIMIT 1
            ) AS t));
END
$$;
COMMENT ON FUNCTION moai_private.hearers IS
$$Of these subscriptions, those about which somebody wants to hear by an event of this type. Never one that takes moai's own events itself:
two that fail would tell of each other without end.$$;

CREATE OR REPLACE FUNCTION moai_private.publish_operational(type text, subscription_ids uuid[], details jsonb[])
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
AS $$
DECLARE
    _now timestamptz := clock_timestamp();
    _told uuid[] := moai_private.hearers(publish_operational.type, publish_operational.subscription_ids);
BEGIN
    IF cardinality(_told) > 0 THEN
        INSERT INTO moai_private.event (id, published_at, tenant, type, payload)
        SELECT moai_private.uuid_v7(_now), _now, s.tenant, publish_operational.type,
            (jsonb_build_object('subscription_id', s.id, 'description', s.description) || f.detail)::text::json
        FROM unnest(publish_operational.subscription_ids, publish_operational.details) WITH ORDINALITY AS f(id, detail, n)
        JOIN moai_private.subscription AS s ON s.id = f.id
        WHERE f.id = ANY (_told)
        ORDER BY f.n;
    END IF;
END
$$;
COMMENT ON FUNCTION moai_private.publish_operational IS
$$Publishes an event of this type about each of these subscriptions, to its tenant, unless nobody there wants to hear of it (moai_private.hearers).
details[i]: what the payload has beside subscription_id and description. Neither secrets nor URLs, which may hold some.$$;
