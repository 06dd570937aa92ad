CREATE OR REPLACE FUNCTION moai_private.discard_dead_letter(id text)
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _key record := moai_private.read_delivery_id(discard_dead_letter.id, 'dead letter');
BEGIN
    DELETE FROM moai_private.dead_letter AS l
    WHERE l.event_id = _key.event_id AND l.subscription_id = _key.subscription_id;
    IF NOT FOUND THEN
        PERFORM moai_private.fail(404, 'no such dead letter', 'id = ' || discard_dead_letter.id,
            'moai.dead_letter lists those of your tenants; it may have been redriven or discarded already.');
    END IF;
END
$$;
COMMENT ON FUNCTION moai_private.discard_dead_letter IS 'moai.discard_dead_letter, for the REST API too.';
