CREATE OR REPLACE FUNCTION moai_private.update_subscription(
    id uuid, url text, event_types text[], format text, timeout interval, max_attempts integer,
    retry_base interval, retry_factor double precision, retry_cap interval, retry_jitter double precision, description text,
    max_in_flight integer, rate_limit double precision, disable_after interval, method text, headers jsonb,
    retry_schedule interval[], give_up_on integer[], at timestamptz)
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _old moai_private.subscription := moai_private.lock_subscription(update_subscription.id);
    _new moai_private.subscription := _old;
BEGIN
    _new.url := coalesce(update_subscription.url, _old.url);
    _new.event_types := coalesce(update_subscription.event_types, _old.event_types);
    _new.format := coalesce(update_subscription.format, _old.format);
    _new.timeout := coalesce(update_subscription.timeout, _old.timeout);
    _new.retry_schedule := nullif(coalesce(update_subscription.retry_schedule, _old.retry_schedule), '{}');
    _new.max_attempts := coalesce(update_subscription.max_attempts, cardinality(nullif(update_subscription.retry_schedule, '{}')) + 1, _old.max_attempts);
    _new.retry_base := coalesce(update_subscription.retry_base, _old.retry_base);
    _new.retry_factor := coalesce(update_subscription.retry_factor, _old.retry_factor);
    _new.retry_cap := coalesce(update_subscription.retry_cap, _old.retry_cap);
    _new.retry_jitter := coalesce(update_subscription.retry_jitter, _old.retry_jitter);
    _new.description := coalesce(update_subscription.description, _old.description);
    _new.max_in_flight := coalesce(update_subscription.max_in_flight, _old.max_in_flight);
    _new.rate_limit := coalesce(update_subscription.rate_limit, _old.rate_limit);
    _new.disable_after := coalesce(update_subscription.disable_after, _old.disable_after);
    _new.method := coalesce(update_subscription.method, _old.method);
    _new.headers := moai_private.merge_headers(_old.headers, update_subscription.headers);
    _new.give_up_on := coalesce(update_subscription.give_up_on, _old.give_up_on);
    _new := moai_private.check_subscription(_new);

    UPDATE moai_private.subscription AS s
    SET url = _new.url, event_types = _new.event_types, format = _new.format, timeout = _new.timeout,
        max_attempts = _new.max_attempts, retry_base = _new.retry_base, retry_factor = _new.retry_factor,
        retry_cap = _new.retry_cap, retry_jitter = _new.retry_jitter, description = _new.description,
        max_in_flight = _new.max_in_flight, rate_limit = _new.rate_limit, disable_after = _new.disable_after,
        method = _new.method, headers = _new.headers, retry_schedule = _new.retry_schedule, give_up_on = _new.give_up_on,
        updated_at = update_subscription.at
    WHERE s.id = _old.id;

    IF _new.url <> _old.url THEN
        PERFORM moai_private.renew_endpoint(_old.id);  -- the other one failed, not this one
    END IF;
    IF _new.disable_after IS NULL THEN
        DELETE FROM moai_private.failing AS f WHERE f.subscription_id = _old.id;
    END IF;
    -- The tries that were made stay made: what is left moves with the limit. Keys in order, as moai_private.complete locks them.
    IF _new.max_attempts <> _old.max_attempts THEN
        WITH open AS MATERIALIZED (
            SELECT d.event_id FROM moai_private.delivery AS d WHERE d.subscription_id = _old.id ORDER BY d.event_id FOR UPDATE
        )
        UPDATE moai_private.delivery AS d
        SET tries_left = greatest(d.tries_left + _new.max_attempts - _old.max_attempts, 1)
        FROM open AS o
        WHERE d.event_id = o.event_id AND d.subscription_id = _old.id;
    END IF;
END
$$;
COMMENT ON FUNCTION moai_private.update_subscription IS 'moai.update_subscription at a given time.';
