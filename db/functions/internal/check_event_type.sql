CREATE OR REPLACE FUNCTION moai_private.is_operational(pattern text)
    RETURNS boolean
    LANGUAGE sql
    IMMUTABLE
    PARALLEL SAFE
RETURN is_operational.pattern = 'moai' OR starts_with(is_operational.pattern, 'moai.');
COMMENT ON FUNCTION moai_private.is_operational IS 'Is this a type of moai''s own events, or a pattern of such?';

CREATE OR REPLACE FUNCTION moai_private.is_event_type(type text)
    RETURNS boolean
    LANGUAGE sql
    IMMUTABLE
    PARALLEL SAFE
RETURN octet_length(is_event_type.type) <= 256 AND NOT moai_private.is_operational(is_event_type.type) AND is_event_type.type ~ '^[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*$';
COMMENT ON FUNCTION moai_private.is_event_type IS 'Dot-separated words, at most 256 bytes, the first of them not "moai".';

CREATE OR REPLACE FUNCTION moai_private.check_event_type(type text)
    RETURNS void
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
BEGIN
    IF coalesce(check_event_type.type, '') = '' THEN
        PERFORM moai_private.fail(422, 'type is missing', NULL, 'Give the event type, for example "user.created".');
    ELSIF octet_length(check_event_type.type) > 256 THEN
        PERFORM moai_private.fail(422, format('type is %s bytes long, 256 are allowed', octet_length(check_event_type.type)),
            'type = ' || quote_literal(left(check_event_type.type, 64) || '…'), 'Use a shorter event type.');
    ELSIF moai_private.is_operational(check_event_type.type) THEN
        PERFORM moai_private.fail(422, 'type is reserved', 'type = ' || quote_literal(check_event_type.type),
            'Types that begin with "moai." are moai''s own events; begin with another word.');
    ELSIF NOT moai_private.is_event_type(check_event_type.type) THEN
        PERFORM moai_private.fail(422, 'type is not an event type', 'type = ' || quote_literal(check_event_type.type),
            'Use letters, digits, "_" and "-" in words joined by dots, for example "user.created".');
    END IF;
END
$$;
COMMENT ON FUNCTION moai_private.check_event_type IS 'Raises MO422 unless the text is an event type: dot-separated words, at most 256 bytes, the first of them not "moai".';
