CREATE OR REPLACE FUNCTION moai.publish_jsonb(
    type text,
    payload jsonb,
    idempotency_key text DEFAULT NULL,
    tenant text DEFAULT 'default',
    idempotency_ttl interval DEFAULT '24 hours')
    RETURNS uuid
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (moai_private.insert_event(publish_jsonb.type, publish_jsonb.payload::json, publish_jsonb.idempotency_key, publish_jsonb.tenant,
                                      publish_jsonb.idempotency_ttl, clock_timestamp())).id;
END
$$;
COMMENT ON FUNCTION moai.publish_jsonb IS
$$moai.publish for a payload of type jsonb, which is delivered as PostgreSQL writes it out.
A function of its own, not an overload: an overload would make plain string literals ambiguous. Arguments, errors and locks as moai.publish.$$;
