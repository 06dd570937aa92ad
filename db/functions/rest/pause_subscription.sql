CREATE OR REPLACE FUNCTION moai_rest.pause_subscription(id text, document text, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    _document json := moai_private.read_document(coalesce(nullif(pause_subscription.document, ''), '{}'), ARRAY['reason']);
BEGIN
    PERFORM moai_private.pause_subscription(moai_private.read_uuid(pause_subscription.id, 'subscription'),
        moai_private.json_text(_document, 'reason'), clock_timestamp());
    pause_subscription.status := 200;
    pause_subscription.body := moai_private.subscription_json(moai_private.find_subscription(pause_subscription.id));
END
$$;
COMMENT ON FUNCTION moai_rest.pause_subscription IS
$$POST /subscriptions/{id}/pause. document: {"reason"}, or empty. 200 with the subscription. Raises and locks as moai.pause_subscription.$$;
