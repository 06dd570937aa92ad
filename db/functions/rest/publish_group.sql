CREATE OR REPLACE FUNCTION moai_rest.publish_group(events text, keys text)
    RETURNS TABLE (status integer, body text, code text, message text, detail text, hint text)
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    -- For tables that grow or are under maintenance, as moai_rest.publish; for keys it is 1 ms.
    SET lock_timeout = '2s'
AS $$
BEGIN
    RETURN QUERY
        SELECT CASE WHEN i.code IS NULL THEN 202 END,
            CASE WHEN i.code IS NULL THEN format('{"id":"%s","duplicate":%s}', i.id, i.duplicate::text) END,
            i.code, i.message, i.detail, i.hint
        FROM moai_private.insert_events(publish_group.events::json, ARRAY(SELECT json_array_elements_text(publish_group.keys::json)),
                                        true, true, clock_timestamp()) AS i
        ORDER BY i.item;
END
$$;
COMMENT ON FUNCTION moai_rest.publish_group IS
$$POST /events of several clients in one transaction. events: the JSON array of their documents. keys: NULL, or the JSON array of what each gave in the
header Idempotency-Key, null where none was given.
A row for each, in order: status and body, or code, message, detail and hint of its error; code 55P03 for one whose key another open transaction is
taking, with what moai_rest.publish says of it after waiting: call that for it, or give up. Locks: as moai.publish, but waiting for keys 1 ms at most.$$;
