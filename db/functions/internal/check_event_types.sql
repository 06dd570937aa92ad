CREATE OR REPLACE FUNCTION moai_private.check_event_types(event_types text[])
    RETURNS text[]
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _type text;
BEGIN
    IF coalesce(cardinality(check_event_types.event_types), 0) NOT BETWEEN 1 AND 100 THEN
        PERFORM moai_private.fail(422,
            format('event_types has %s items, 1 to 100 are allowed', coalesce(cardinality(check_event_types.event_types), 0)), NULL,
            'Name event types, for example "user.created", prefixes such as "user.*", or "*" for all.');
    END IF;
    FOREACH _type IN ARRAY check_event_types.event_types LOOP
        IF _type IS NULL OR octet_length(_type) > 256 OR _type !~ '^(\*|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\.\*)?)$' THEN
            PERFORM moai_private.fail(422, 'event_types has an item that is no event type',
                'event_types has ' || coalesce(quote_literal(left(_type, 64)), 'null'),
                'Name event types, for example "user.created", prefixes such as "user.*", or "*" for all.');
        END IF;
    END LOOP;
    RETURN ARRAY(SELECT t.type FROM unnest(check_event_types.event_types) WITH ORDINALITY AS t(type, n) GROUP BY t.type ORDER BY min(t.n));
END
$$;
COMMENT ON FUNCTION moai_private.check_event_types IS
'The event types without repeats. Raises MO422 unless they are 1 to 100 exact types, prefixes ending in ".*", or "*".';
