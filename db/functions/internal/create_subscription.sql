CREATE OR REPLACE FUNCTION moai_private.create_subscription(
    url text, event_types text[], tenant text, secret text, format text, timeout interval, max_attempts integer,
    retry_base interval, retry_factor double precision, retry_cap interval, retry_jitter double precision, description text,
    max_in_flight integer, rate_limit double precision, disable_after interval, method text, headers jsonb,
    retry_schedule interval[], give_up_on integer[], at timestamptz)
    RETURNS moai_private.subscription
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _new moai_private.subscription;
BEGIN
    PERFORM moai_private.check_tenant(create_subscription.tenant);
    _new.id := moai_private.uuid_v7(create_subscription.at);
    _new.tenant := create_subscription.tenant;
    _new.url := create_subscription.url;
    _new.event_types := create_subscription.event_types;
    _new.format := create_subscription.format;
    _new.description := create_subscription.description;
    _new.timeout := create_subscription.timeout;
    _new.retry_schedule := nullif(create_subscription.retry_schedule, '{}');
    _new.max_attempts := coalesce(create_subscription.max_attempts, cardinality(_new.retry_schedule) + 1, 8);
    _new.retry_base := create_subscription.retry_base;
    _new.retry_factor := create_subscription.retry_factor;
    _new.retry_cap := create_subscription.retry_cap;
    _new.retry_jitter := create_subscription.retry_jitter;
    _new.max_in_flight := create_subscription.max_in_flight;
    _new.rate_limit := create_subscription.rate_limit;
    _new.disable_after := create_subscription.disable_after;
    _new.method := create_subscription.method;
    _new.headers := moai_private.merge_headers(NULL, create_subscription.headers);
    _new.give_up_on := create_subscription.give_up_on;
    _new.state := 'active';
    _new.held := false;
    _new.created_at := create_subscription.at;
    _new.updated_at := create_subscription.at;
    _new := moai_private.check_subscription(_new);
    _new.secret := moai_private.check_secret(create_subscription.secret);
    INSERT INTO moai_private.subscription SELECT _new.*;
    RETURN _new;
END
$$;
COMMENT ON FUNCTION moai_private.create_subscription IS 'moai.create_subscription at a given time; returns the stored row.';
