CREATE OR REPLACE FUNCTION moai_rest.delete_subscription(id text, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM moai_private.delete_subscription(moai_private.read_uuid(delete_subscription.id, 'subscription'), clock_timestamp());
    delete_subscription.status := 204;
END
$$;
COMMENT ON FUNCTION moai_rest.delete_subscription IS
$$DELETE /subscriptions/{id}. 204, also when repeated. Raises and locks as moai.delete_subscription.$$;
