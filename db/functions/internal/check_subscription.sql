CREATE OR REPLACE FUNCTION moai_private.check_subscription(s moai_private.subscription)
    RETURNS moai_private.subscription
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _checked moai_private.subscription := s;
BEGIN
    PERFORM moai_private.check_url(s.url);
    _checked.event_types := moai_private.check_event_types(s.event_types);
    IF s.format IS NULL OR s.format NOT IN ('standard', 'raw', 'cloudevents', 'cloudevents-binary') THEN
        PERFORM moai_private.fail(422, 'format is none of standard, raw, cloudevents and cloudevents-binary', 'format = ' || quote_nullable(left(s.format, 64)),
            'Use ''standard'' for {"type","timestamp","data"}, ''raw'' for the payload as it was published.');
    ELSIF s.method IS NULL OR s.method NOT IN ('POST', 'PUT') THEN
        PERFORM moai_private.fail(422, 'method is neither POST nor PUT', 'method = ' || quote_nullable(left(s.method, 64)), 'Use ''POST'' unless the receiver insists on ''PUT''.');
    END IF;
    PERFORM moai_private.check_range('timeout', s.timeout::text, s.timeout BETWEEN '100 ms' AND '60 s', '100 ms to 60 s');
    IF s.retry_schedule IS NOT NULL THEN
        PERFORM moai_private.check_range('retry_schedule', s.retry_schedule::text,
            array_ndims(s.retry_schedule) = 1 AND cardinality(s.retry_schedule) <= 99 AND array_position(s.retry_schedule, NULL) IS NULL
                AND '100 ms' <= ALL (s.retry_schedule) AND '30 days' >= ALL (s.retry_schedule), '1 to 99 delays of 100 ms to 30 days each');
        IF s.max_attempts <> cardinality(s.retry_schedule) + 1 THEN
            PERFORM moai_private.fail(422, 'max_attempts is not one more than retry_schedule has delays',
                format('max_attempts = %s, retry_schedule has %s', s.max_attempts, cardinality(s.retry_schedule)),
                'Leave max_attempts out where there is a retry_schedule; an empty one removes it.');
        END IF;
    END IF;
    PERFORM moai_private.check_range('max_attempts', s.max_attempts::text, s.max_attempts BETWEEN 1 AND 100, '1 to 100');
    PERFORM moai_private.check_range('retry_base', s.retry_base::text, s.retry_base BETWEEN '100 ms' AND '30 days', '100 ms to 30 days');
    PERFORM moai_private.check_range('retry_factor', s.retry_factor::text, s.retry_factor BETWEEN 1 AND 100, '1 to 100');
    PERFORM moai_private.check_range('retry_cap', s.retry_cap::text, s.retry_cap BETWEEN s.retry_base AND '30 days', 'retry_base to 30 days');
    PERFORM moai_private.check_range('retry_jitter', s.retry_jitter::text, s.retry_jitter BETWEEN 0 AND 1, '0 to 1');
    PERFORM moai_private.check_range('give_up_on', s.give_up_on::text,
        coalesce(s.give_up_on = '{}' OR (array_ndims(s.give_up_on) = 1 AND array_position(s.give_up_on, NULL) IS NULL
            AND 400 <= ALL (s.give_up_on) AND 499 >= ALL (s.give_up_on) AND NOT s.give_up_on && '{408, 410, 429}'), true),
        'statuses from 400 to 499 without 408, 410 and 429');
    PERFORM moai_private.check_range('max_in_flight', s.max_in_flight::text, coalesce(s.max_in_flight BETWEEN 0 AND 10000, true),
        '1 to 10000 (0: the worker''s own)');
    PERFORM moai_private.check_range('rate_limit', s.rate_limit::text,
        coalesce(s.rate_limit = 0 OR s.rate_limit BETWEEN 0.001 AND 1000000, true), '0.001 to 1000000 (0: none)');
    PERFORM moai_private.check_range('disable_after', s.disable_after::text,
        coalesce(extract(epoch FROM s.disable_after) = 0 OR extract(epoch FROM s.disable_after) BETWEEN 60 AND 366 * 86400, true), '1 minute to 366 days (0: never)');
    IF char_length(s.description) > 1000 THEN
        PERFORM moai_private.fail(422, format('description is %s characters long, 1000 are allowed', char_length(s.description)), NULL,
            'Shorten it.');
    END IF;
    -- Months and days become hours: how long they last must not hang on the calendar.
    _checked.timeout := make_interval(secs => extract(epoch FROM s.timeout)::double precision);
    _checked.retry_base := make_interval(secs => extract(epoch FROM s.retry_base)::double precision);
    _checked.retry_cap := make_interval(secs => extract(epoch FROM s.retry_cap)::double precision);
    _checked.retry_schedule := (
        SELECT array_agg(make_interval(secs => extract(epoch FROM r.delay)::double precision) ORDER BY r.place)
        FROM unnest(s.retry_schedule) WITH ORDINALITY AS r(delay, place));
    _checked.give_up_on := (SELECT array_agg(DISTINCT g) FROM unnest(s.give_up_on) AS g);
    _checked.disable_after := nullif(make_interval(secs => extract(epoch FROM s.disable_after)::double precision), '0');
    _checked.max_in_flight := nullif(s.max_in_flight, 0);
    _checked.rate_limit := nullif(s.rate_limit, 0);
    _checked.description := nullif(s.description, '');
    RETURN _checked;
END
$$;
COMMENT ON FUNCTION moai_private.check_subscription IS
'The subscription in the form it is stored in. Raises MO422 naming the first field that is out of range.';
