CREATE OR REPLACE FUNCTION moai_rest.rotate_secret(id text, document text, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    _document json := moai_private.read_document(coalesce(nullif(rotate_secret.document, ''), '{}'), ARRAY['overlap', 'secret']);
    _secret text;
BEGIN
    _secret := moai_private.rotate_secret(moai_private.read_uuid(rotate_secret.id, 'subscription'),
        coalesce(moai_private.json_interval(_document, 'overlap'), '24 hours'), moai_private.json_text(_document, 'secret'), clock_timestamp());
    rotate_secret.status := 200;
    rotate_secret.body := left(moai_private.subscription_json(moai_private.find_subscription(rotate_secret.id))::text, -1)
        || ', "secret" : ' || to_json(_secret) || '}';
END
$$;
COMMENT ON FUNCTION moai_rest.rotate_secret IS
$$POST /subscriptions/{id}/rotate-secret. document: {"overlap", "secret"}, or empty; a duration as "24h" or "PT24H". 200 with the subscription and,
this once, its new "secret". Raises and locks as moai.rotate_secret.$$;
