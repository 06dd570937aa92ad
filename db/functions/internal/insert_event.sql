CREATE OR REPLACE FUNCTION moai_private.insert_event(
    type text, payload json, idempotency_key text, tenant text, idempotency_ttl interval, at timestamptz,
    OUT id uuid, OUT duplicate boolean)
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _taken record;
BEGIN
    PERFORM moai_private.check_event_type(insert_event.type), moai_private.check_tenant(insert_event.tenant),
        moai_private.check_payload(insert_event.payload),
        moai_private.check_idempotency(insert_event.idempotency_key, insert_event.idempotency_ttl);

    insert_event.id := moai_private.uuid_v7(insert_event.at);
    insert_event.duplicate := false;
    IF insert_event.idempotency_key IS NOT NULL THEN
        _taken := moai_private.take_idempotency_key(
            insert_event.tenant, insert_event.idempotency_key, insert_event.id,
            moai_private.content_hash(insert_event.type, insert_event.payload),
            insert_event.idempotency_ttl, insert_event.at);
        IF _taken.first_id IS NOT NULL THEN
            IF NOT _taken.same_content THEN
                PERFORM moai_private.refuse_other_content(insert_event.idempotency_key, _taken.first_id);
            END IF;
            insert_event.id := _taken.first_id;
            insert_event.duplicate := true;
            RETURN;
        END IF;
    END IF;

    INSERT INTO moai_private.event (id, published_at, tenant, type, payload)
    VALUES (insert_event.id, insert_event.at, insert_event.tenant, insert_event.type, insert_event.payload);
END
$$;
COMMENT ON FUNCTION moai_private.insert_event IS
$$Checks and stores one event; a repeated key gives the first event's id and duplicate = true. The fan-out is the trigger on event.
Raises MO422, MO403 and MO409 as the checks say.$$;
