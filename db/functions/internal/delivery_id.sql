-- A delivery's public id: '<event id>_<subscription id>'. It carries its event's id, so that a look-up is an index probe at any age.

CREATE OR REPLACE FUNCTION moai_private.read_uuid(id text, what text)
    RETURNS uuid
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
BEGIN
    IF (read_uuid.id ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$') IS NOT TRUE THEN
        PERFORM moai_private.fail(404, 'no such ' || read_uuid.what, 'id = ' || quote_nullable(left(read_uuid.id, 100)),
            format('The id of a %s is a UUID.', read_uuid.what));
    END IF;
    RETURN read_uuid.id::uuid;
END
$$;
COMMENT ON FUNCTION moai_private.read_uuid IS 'The text as a UUID. Raises MO404 naming what was looked for: a malformed id is the id of nothing.';

CREATE OR REPLACE FUNCTION moai_private.read_delivery_id(id text, what text, OUT event_id uuid, OUT subscription_id uuid)
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
BEGIN
    IF (read_delivery_id.id ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$') IS NOT TRUE THEN
        PERFORM moai_private.fail(404, 'no such ' || read_delivery_id.what, 'id = ' || quote_nullable(left(read_delivery_id.id, 100)),
            format('The id of a %s is its event''s id, an underscore, and its subscription''s id.', read_delivery_id.what));
    END IF;
    read_delivery_id.event_id := split_part(read_delivery_id.id, '_', 1)::uuid;
    read_delivery_id.subscription_id := split_part(read_delivery_id.id, '_', 2)::uuid;
END
$$;
COMMENT ON FUNCTION moai_private.read_delivery_id IS 'The two halves of a delivery''s public id. Raises MO404 naming what was looked for unless it is one.';
