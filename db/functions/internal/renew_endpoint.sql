CREATE OR REPLACE FUNCTION moai_private.renew_endpoint(subscription_id uuid)
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
BEGIN
    DELETE FROM moai_private.endpoint_state AS b WHERE b.subscription_id = renew_endpoint.subscription_id;
    DELETE FROM moai_private.failing AS f WHERE f.subscription_id = renew_endpoint.subscription_id;
    -- Always: a worker may be about to write that it opened its breaker.
    IF current_setting('moai.doorbell', true) IS DISTINCT FROM 'off' THEN
        PERFORM pg_notify('moai_endpoint', renew_endpoint.subscription_id::text);
    END IF;
END
$$;
COMMENT ON FUNCTION moai_private.renew_endpoint IS
$$Forgets what is held against an endpoint, and tells every worker to when this transaction commits: its breaker closes. With moai.doorbell = off, or to a worker that does not
listen at that moment, nothing is told: another url is noticed when that worker listens again or by its next probe, a resumption by its next probe.$$;
