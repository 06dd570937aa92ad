CREATE OR REPLACE FUNCTION moai_rest.discard_dead_letter(id text, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM moai_private.discard_dead_letter(discard_dead_letter.id);
    discard_dead_letter.status := 204;
END
$$;
COMMENT ON FUNCTION moai_rest.discard_dead_letter IS
$$DELETE /dead-letters/{id}. 204. Raises and locks as moai.discard_dead_letter.$$;
