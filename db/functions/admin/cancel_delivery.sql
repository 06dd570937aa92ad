CREATE OR REPLACE FUNCTION moai.cancel_delivery(id text)
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM moai_private.cancel_delivery(cancel_delivery.id, clock_timestamp());
END
$$;
COMMENT ON FUNCTION moai.cancel_delivery IS
$$Ends a waiting delivery as cancelled, for good. id: '<event id>_<subscription id>', as in moai.delivery.
Raises MO404, MO409 (being delivered, or finished). Locks: the subscription (shared), then the delivery.$$;
