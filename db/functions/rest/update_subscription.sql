CREATE OR REPLACE FUNCTION moai_rest.update_subscription(id text, document text, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    _id uuid := moai_private.read_uuid(update_subscription.id, 'subscription');
    _document json := moai_private.read_document(update_subscription.document, ARRAY[
        'url', 'event_types', 'format', 'timeout', 'max_attempts', 'retry_base', 'retry_factor',
        'retry_cap', 'retry_jitter', 'description', 'max_in_flight', 'rate_limit', 'disable_after', 'method', 'headers', 'retry_schedule', 'give_up_on']);
BEGIN
    PERFORM moai_private.update_subscription(
        _id, moai_private.json_text(_document, 'url'), moai_private.json_texts(_document, 'event_types'),
        moai_private.json_text(_document, 'format'), moai_private.json_interval(_document, 'timeout'),
        moai_private.json_integer(_document, 'max_attempts'), moai_private.json_interval(_document, 'retry_base'),
        moai_private.json_number(_document, 'retry_factor'), moai_private.json_interval(_document, 'retry_cap'),
        moai_private.json_number(_document, 'retry_jitter'), moai_private.json_text(_document, 'description'),
        moai_private.json_integer(_document, 'max_in_flight'), moai_private.json_number(_document, 'rate_limit'),
        moai_private.json_interval(_document, 'disable_after'),
        moai_private.json_text(_document, 'method'), moai_private.json_value(_document, 'headers'),
        moai_private.json_intervals(_document, 'retry_schedule'), moai_private.json_integers(_document, 'give_up_on'), clock_timestamp());
    update_subscription.status := 200;
    update_subscription.body := moai_private.subscription_json(moai_private.find_subscription(update_subscription.id));
END
$$;
COMMENT ON FUNCTION moai_rest.update_subscription IS
$$PATCH /subscriptions/{id}. document: the arguments of moai.update_subscription by their names; absent and null keep what is.
200 with the subscription. Raises and locks as moai.update_subscription; MO422 names an unknown field.$$;
