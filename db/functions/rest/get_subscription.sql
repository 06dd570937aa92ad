CREATE OR REPLACE FUNCTION moai_rest.get_subscription(id text, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    STABLE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    get_subscription.status := 200;
    get_subscription.body := moai_private.subscription_json(moai_private.find_subscription(get_subscription.id));
END
$$;
COMMENT ON FUNCTION moai_rest.get_subscription IS
$$GET /subscriptions/{id}. 200 with the subscription as moai.subscription has it, also a deleted one; never its secret. Durations as ISO 8601.
Raises MO404.$$;
