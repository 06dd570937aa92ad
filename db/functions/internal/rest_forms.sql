-- How moai's things are written in answers of the REST API.

CREATE OR REPLACE FUNCTION moai_private.subscription_json(s moai.subscription)
    RETURNS json
    LANGUAGE plpgsql
    STABLE
AS $$
BEGIN
    RETURN json_build_object('id', s.id, 'tenant', s.tenant, 'url', s.url, 'event_types', s.event_types, 'format', s.format, 'method', s.method, 'headers', s.headers,
        'description', s.description, 'state', s.state, 'state_reason', s.state_reason,
        'timeout', moai_private.duration_text(s.timeout), 'max_attempts', s.max_attempts,
        'retry_base', moai_private.duration_text(s.retry_base), 'retry_factor', s.retry_factor,
        'retry_cap', moai_private.duration_text(s.retry_cap), 'retry_jitter', s.retry_jitter,
        'retry_schedule', (SELECT json_agg(moai_private.duration_text(r.delay) ORDER BY r.place) FROM unnest(s.retry_schedule) WITH ORDINALITY AS r(delay, place)),
        'give_up_on', s.give_up_on,
        'max_in_flight', s.max_in_flight, 'rate_limit', s.rate_limit,
        'breaker', CASE s.breaker WHEN 'closed' THEN json_build_object('state', s.breaker)
            ELSE json_build_object('state', s.breaker, 'since', moai_private.time_text(s.breaker_since),
                'until', moai_private.time_text(s.breaker_until), 'consecutive_failures', s.consecutive_failures, 'reason', s.breaker_reason) END,
        'disable_after', moai_private.duration_text(s.disable_after), 'failing_since', moai_private.time_text(s.failing_since),
        'public_key', s.public_key, 'key_id', s.key_id, 'old_secrets_until', moai_private.time_text(s.old_secrets_until),
        'created_at', moai_private.time_text(s.created_at), 'updated_at', moai_private.time_text(s.updated_at));
END
$$;
COMMENT ON FUNCTION moai_private.subscription_json IS 'A subscription, without its secret.';

CREATE OR REPLACE FUNCTION moai_private.delivery_json(d moai.delivery)
    RETURNS json
    LANGUAGE plpgsql
    STABLE
AS $$
BEGIN
    RETURN json_build_object('id', d.id, 'event_id', d.event_id, 'subscription_id', d.subscription_id, 'tenant', d.tenant,
        'event_type', d.event_type, 'state', d.state, 'attempts', d.attempts, 'tries_left', d.tries_left,
        'due_at', moai_private.time_text(d.due_at), 'finished_at', moai_private.time_text(d.finished_at), 'reason', d.reason,
        'http_status', d.http_status, 'error_class', d.error_class, 'error_detail', left(d.error_detail, 1000));
END
$$;
COMMENT ON FUNCTION moai_private.delivery_json IS 'A delivery, as moai.delivery has it.';

CREATE OR REPLACE FUNCTION moai_private.dead_letter_json(l moai.dead_letter)
    RETURNS json
    LANGUAGE plpgsql
    STABLE
AS $$
BEGIN
    RETURN json_build_object('id', l.id, 'event_id', l.event_id, 'subscription_id', l.subscription_id, 'tenant', l.tenant,
        'event_type', l.event_type, 'dead_at', moai_private.time_text(l.dead_at), 'attempts', l.attempts, 'reason', l.reason,
        'http_status', l.http_status, 'error_class', l.error_class, 'error_detail', left(l.error_detail, 1000));
END
$$;
COMMENT ON FUNCTION moai_private.dead_letter_json IS 'A dead letter, as moai.dead_letter has it.';

CREATE OR REPLACE FUNCTION moai_private.attempt_json(a moai.attempt)
    RETURNS json
    LANGUAGE plpgsql
    STABLE
AS $$
DECLARE
    _body bytea := substr(a.response_body, 1, 4096);
    _text text;
BEGIN
    -- Up to three bytes less if the end is cut off: the cut may go through a character.
    FOR _less IN 0..CASE WHEN octet_length(_body) < a.response_bytes THEN 3 ELSE 0 END LOOP
        BEGIN
            _text := convert_from(substr(_body, 1, greatest(octet_length(_body) - _less, 0)), 'UTF8');
            EXIT;
        EXCEPTION WHEN data_exception THEN
            _text := NULL;
        END;
    END LOOP;
    RETURN json_build_object('delivery_id', a.delivery_id, 'attempt_no', a.attempt_no,
        'started_at', moai_private.time_text(a.started_at), 'recorded_at', moai_private.time_text(a.recorded_at),
        'terminal_state', a.terminal_state, 'is_orphan', a.is_orphan, 'http_status', a.http_status,
        'error_class', a.error_class, 'error_detail', left(a.error_detail, 1000), 'next_due_at', moai_private.time_text(a.next_due_at),
        'worker', a.worker, 'url', a.url, 'remote_address', a.remote_address, 'signed_with', string_to_array(a.signed_with, ' '),
        'dns_us', a.dns_us, 'connect_us', a.connect_us, 'tls_us', a.tls_us, 'first_byte_us', a.first_byte_us, 'total_us', a.total_us,
        'response_headers', string_to_array(left(a.response_headers, 4096), E'\n'), 'response_bytes', a.response_bytes,
        'response_body', _text, 'response_body_base64', CASE WHEN _text IS NULL THEN translate(encode(_body, 'base64'), E'\n', '') END);
END
$$;
COMMENT ON FUNCTION moai_private.attempt_json IS
'An attempt, as moai.attempt has it, with up to 4 KiB of the response and of its headers; what is not UTF-8 text is told as base64.';

CREATE OR REPLACE FUNCTION moai_private.find_subscription(id text)
    RETURNS moai.subscription
    LANGUAGE plpgsql
    STABLE
AS $$
#variable_conflict use_column
DECLARE
    _id uuid := moai_private.read_uuid(find_subscription.id, 'subscription');
    _subscription moai.subscription;
BEGIN
    SELECT * INTO _subscription FROM moai.subscription AS s WHERE s.id = _id;
    IF NOT FOUND THEN
        PERFORM moai_private.fail(404, 'no such subscription', 'id = ' || _id);
    END IF;
    RETURN _subscription;
END
$$;
COMMENT ON FUNCTION moai_private.find_subscription IS 'The subscription of this id, deleted or not. Raises MO404.';

CREATE OR REPLACE FUNCTION moai_private.find_delivery(id text)
    RETURNS moai.delivery
    LANGUAGE plpgsql
    STABLE
    SET plan_cache_mode = force_custom_plan  -- with the id in the plan, only its partitions are opened
AS $$
#variable_conflict use_column
DECLARE
    _key record := moai_private.read_delivery_id(find_delivery.id, 'delivery');
    _delivery moai.delivery;
BEGIN
    SELECT * INTO _delivery FROM moai.delivery AS d WHERE d.event_id = _key.event_id AND d.subscription_id = _key.subscription_id;
    IF NOT FOUND THEN
        PERFORM moai_private.fail(404, 'no such delivery', 'id = ' || find_delivery.id);
    END IF;
    RETURN _delivery;
END
$$;
COMMENT ON FUNCTION moai_private.find_delivery IS 'The delivery of this id, finished or not. Raises MO404.';
