CREATE OR REPLACE FUNCTION moai_rest.retry_delivery(id text, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM moai_private.retry_delivery(retry_delivery.id, clock_timestamp());
    retry_delivery.status := 200;
    retry_delivery.body := moai_private.delivery_json(moai_private.find_delivery(retry_delivery.id));
END
$$;
COMMENT ON FUNCTION moai_rest.retry_delivery IS
$$POST /deliveries/{id}/retry. Makes a waiting delivery due now: 200 with the delivery. Raises and locks as moai.retry_delivery.$$;
