CREATE OR REPLACE FUNCTION moai_rest.cancel_delivery(id text, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM moai_private.cancel_delivery(cancel_delivery.id, clock_timestamp());
    cancel_delivery.status := 200;
    cancel_delivery.body := moai_private.delivery_json(moai_private.find_delivery(cancel_delivery.id));
END
$$;
COMMENT ON FUNCTION moai_rest.cancel_delivery IS
$$POST /deliveries/{id}/cancel. Ends a waiting delivery as cancelled: 200 with the delivery. Raises and locks as moai.cancel_delivery.$$;
