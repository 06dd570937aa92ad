CREATE OR REPLACE FUNCTION moai.publish(
    type text,
    payload json,
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
    RETURN (moai_private.insert_event(publish.type, publish.payload, publish.idempotency_key, publish.tenant,
                                      publish.idempotency_ttl, clock_timestamp())).id;
END
$$;
COMMENT ON FUNCTION moai.publish IS
$$Publishes an event in the caller's transaction and returns its id: every matching subscription gets it once that commits, and nobody if it rolls back.
type: words of letters, digits, "_" and "-" joined by dots, at most 256 bytes. payload: at most 1 MiB, 512 deep, convertible to jsonb; kept byte for byte.
idempotency_key: 1 to 255 characters; repeating it within idempotency_ttl (1 hour to 366 days) with the same content returns the first event's id.
Raises MO422 (an argument is out of range), MO403 (the login does not act for the tenant), MO409 (the key was used for other content).
Locks: waits for another open transaction that is publishing the same tenant and key, and for nothing else.$$;
