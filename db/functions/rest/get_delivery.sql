CREATE OR REPLACE FUNCTION moai_rest.get_delivery(id text, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    STABLE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    get_delivery.status := 200;
    get_delivery.body := moai_private.delivery_json(moai_private.find_delivery(get_delivery.id));
END
$$;
COMMENT ON FUNCTION moai_rest.get_delivery IS
$$GET /deliveries/{id}. 200 {"id","event_id","subscription_id","tenant","event_type","state","attempts","tries_left","due_at","finished_at",
"reason","http_status","error_class","error_detail"}, the last four of what finished it. Raises MO404.$$;
