CREATE OR REPLACE FUNCTION moai.update_subscription(
    id uuid,
    url text DEFAULT NULL,
    event_types text[] DEFAULT NULL,
    format text DEFAULT NULL,
    timeout interval DEFAULT NULL,
    max_attempts integer DEFAULT NULL,
    retry_base interval DEFAULT NULL,
    retry_factor double precision DEFAULT NULL,
    retry_cap interval DEFAULT NULL,
    retry_jitter double precision DEFAULT NULL,
    description text DEFAULT NULL,
    max_in_flight integer DEFAULT NULL,
    rate_limit double precision DEFAULT NULL,
    disable_after interval DEFAULT NULL,
    method text DEFAULT NULL,
    headers jsonb DEFAULT NULL,
    retry_schedule interval[] DEFAULT NULL,
    give_up_on integer[] DEFAULT NULL)
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM moai_private.update_subscription(
        update_subscription.id, update_subscription.url, update_subscription.event_types, update_subscription.format,
        update_subscription.timeout, update_subscription.max_attempts, update_subscription.retry_base, update_subscription.retry_factor,
        update_subscription.retry_cap, update_subscription.retry_jitter, update_subscription.description,
        update_subscription.max_in_flight, update_subscription.rate_limit, update_subscription.disable_after,
        update_subscription.method, update_subscription.headers,
        update_subscription.retry_schedule, update_subscription.give_up_on, clock_timestamp());
END
$$;
COMMENT ON FUNCTION moai.update_subscription IS
$$Changes a subscription; NULL keeps what is, an empty description and a max_in_flight, rate_limit or disable_after of 0 remove it,
as does an empty retry_schedule or give_up_on; max_attempts goes with a new retry_schedule, and stays when it is removed.
headers: changes, a null takes one away and those that are not named stay. Arguments as moai.create_subscription.
Retries use the new URL and policy at once, and what waits for the old URL to recover waits no more. event_types decide over events published later. A changed max_attempts moves the tries left of its
unfinished deliveries by the difference, down to one.
Raises MO404, MO410 (deleted), MO422 naming the argument. Locks: the subscription, then, if max_attempts changes, its unfinished deliveries in the order of their keys.$$;
