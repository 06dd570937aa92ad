CREATE OR REPLACE FUNCTION moai_rest.redrive_dead_letters(document text, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    _document json := moai_private.read_document(redrive_dead_letters.document, ARRAY['ids', 'subscription_id', 'tenant', 'max_count']);
BEGIN
    redrive_dead_letters.status := 200;
    redrive_dead_letters.body := json_build_object('redriven', moai_private.redrive_dead_letters(
        moai_private.json_texts(_document, 'ids'), moai_private.json_uuid(_document, 'subscription_id'),
        moai_private.json_text(_document, 'tenant'), coalesce(moai_private.json_integer(_document, 'max_count'), 1000), clock_timestamp()));
END
$$;
COMMENT ON FUNCTION moai_rest.redrive_dead_letters IS
$$POST /dead-letters/redrive. document: the arguments of moai.redrive_dead_letters by their names, all optional. 200 {"redriven"}.
Raises and locks as moai.redrive_dead_letters; MO422 names an unknown field.$$;
