CREATE OR REPLACE FUNCTION moai.retry_delivery(id text)
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM moai_private.retry_delivery(retry_delivery.id, clock_timestamp());
END
$$;
COMMENT ON FUNCTION moai.retry_delivery IS
$$Makes a waiting delivery due now. Its tries stay as they are. id: '<event id>_<subscription id>', as in moai.delivery.
Raises MO404, MO409 (being delivered, finished, or its subscription is paused). Locks: the subscription (shared), then the delivery.$$;
