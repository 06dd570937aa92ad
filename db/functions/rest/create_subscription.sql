CREATE OR REPLACE FUNCTION moai_rest.create_subscription(document text, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    _document json := moai_private.read_document(create_subscription.document, ARRAY[
        'url', 'event_types', 'tenant', 'secret', 'format', 'timeout', 'max_attempts', 'retry_base', 'retry_factor',
        'retry_cap', 'retry_jitter', 'description', 'max_in_flight', 'rate_limit', 'disable_after', 'method', 'headers', 'retry_schedule', 'give_up_on']);
    _created moai_private.subscription;
BEGIN
    _created := moai_private.create_subscription(
        moai_private.json_text(_document, 'url'), moai_private.json_texts(_document, 'event_types'),
        coalesce(moai_private.json_text(_document, 'tenant'), 'default'), moai_private.json_text(_document, 'secret'),
        coalesce(moai_private.json_text(_document, 'format'), 'standard'),
        coalesce(moai_private.json_interval(_document, 'timeout'), '15 seconds'),
        moai_private.json_integer(_document, 'max_attempts'),
        coalesce(moai_private.json_interval(_document, 'retry_base'), '5 seconds'),
        coalesce(moai_private.json_number(_document, 'retry_factor'), 5),
        coalesce(moai_private.json_interval(_document, 'retry_cap'), '24 hours'),
        coalesce(moai_private.json_number(_document, 'retry_jitter'), 0.1),
        moai_private.json_text(_document, 'description'),
        moai_private.json_integer(_document, 'max_in_flight'), moai_private.json_number(_document, 'rate_limit'),
        coalesce(moai_private.json_interval(_document, 'disable_after'), '5 days'),
        coalesce(moai_private.json_text(_document, 'method'), 'POST'), moai_private.json_value(_document, 'headers'),
        moai_private.json_intervals(_document, 'retry_schedule'), moai_private.json_integers(_document, 'give_up_on'), clock_timestamp());
    create_subscription.status := 201;
    create_subscription.body := left(moai_private.subscription_json(moai_private.find_subscription(_created.id::text))::text, -1)
        || ', "secret" : ' || to_json(_created.secret) || '}';
END
$$;
COMMENT ON FUNCTION moai_rest.create_subscription IS
$$POST /subscriptions. document: the arguments of moai.create_subscription by their names, durations as "5s" or "PT5S".
201 with the subscription and, this once, its "secret". Raises and locks as moai.create_subscription; MO422 names an unknown field.$$;
