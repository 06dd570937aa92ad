CREATE OR REPLACE FUNCTION moai.discard_dead_letter(id text)
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM moai_private.discard_dead_letter(discard_dead_letter.id);
END
$$;
COMMENT ON FUNCTION moai.discard_dead_letter IS
$$Removes a dead letter, which then cannot be redriven any more. moai.delivery goes on showing the delivery as dead, with its attempts.
id: '<event id>_<subscription id>', as in moai.dead_letter. Raises MO404. Locks: the dead letter.$$;
