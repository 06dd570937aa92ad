CREATE OR REPLACE FUNCTION moai.create_subscription(
    url text,
    event_types text[],
    tenant text DEFAULT 'default',
    secret text DEFAULT NULL,
    format text DEFAULT 'standard',
    timeout interval DEFAULT '15 seconds',
    max_attempts integer DEFAULT NULL,
    retry_base interval DEFAULT '5 seconds',
    retry_factor double precision DEFAULT 5,
    retry_cap interval DEFAULT '24 hours',
    retry_jitter double precision DEFAULT 0.1,
    description text DEFAULT NULL,
    max_in_flight integer DEFAULT NULL,
    rate_limit double precision DEFAULT NULL,
    disable_after interval DEFAULT '5 days',
    method text DEFAULT 'POST',
    headers jsonb DEFAULT NULL,
    retry_schedule interval[] DEFAULT NULL,
    give_up_on integer[] DEFAULT NULL)
    RETURNS TABLE (id uuid, secret text)
    LANGUAGE sql  -- PL/pgSQL cannot have an argument and a result of one name
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT s.id, s.secret
    FROM moai_private.create_subscription(
        create_subscription.url, create_subscription.event_types, create_subscription.tenant, create_subscription.secret,
        create_subscription.format, create_subscription.timeout, create_subscription.max_attempts, create_subscription.retry_base,
        create_subscription.retry_factor, create_subscription.retry_cap, create_subscription.retry_jitter,
        create_subscription.description, create_subscription.max_in_flight, create_subscription.rate_limit,
        create_subscription.disable_after, create_subscription.method, create_subscription.headers,
        create_subscription.retry_schedule, create_subscription.give_up_on, clock_timestamp()) AS s;
END;
COMMENT ON FUNCTION moai.create_subscription IS
$$Subscribes a URL to event types of a tenant: events published from the commit on are delivered to it. Returns the id and, once and for all, the secret.
url: absolute, http or https, at most 2048 bytes. event_types: 1 to 100 exact types, prefixes ("user.*"), or "*". secret: "whsec_" and the padded
base64 of 24 to 64 bytes (signatures v1, HMAC-SHA256), or the "whsk_..." of moai keygen (v1a, ed25519); NULL makes one of the first kind. format: 'standard', 'raw' (the payload's own bytes),
'cloudevents' (CloudEvents 1.0, structured) or 'cloudevents-binary' (its attributes are headers, the body is the payload's own bytes). method: 'POST' or 'PUT'.
headers: an object of up to 20 more headers and their values, 8192 bytes in all; reserved names are refused. timeout: 100 ms to 60 s. max_attempts: 1 to 100, 8 unless given.
After failed try n the next one is due in retry_base * retry_factor^(n-1), at most retry_cap, lengthened by up to the share retry_jitter.
retry_schedule: these delays instead, 1 to 99 of 100 ms to 30 days each; max_attempts then is one more. give_up_on: statuses from 400 to 499, without 408, 410
and 429, after which a delivery is not tried again but dead-lettered as 'refused'.
max_in_flight: how many requests of each worker process may be under way at once, 1 to 10000; NULL: up to half of its --concurrency. rate_limit: how many
a second each worker process may start, 0.001 to 1000000, with a burst of one second's worth; NULL: no limit. What has no room waits, parked, spending no try.
disable_after: 1 minute to 366 days of nothing but failures, after which it is disabled and moai.subscription.disabled is published; 0: never.
Raises MO422 naming the argument, MO403 (the login does not act for the tenant). Locks: none that others wait for.$$;
