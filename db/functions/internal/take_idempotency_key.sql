CREATE OR REPLACE FUNCTION moai_private.take_idempotency_key(
    tenant text, key text, event_id uuid, content_hash bytea, ttl interval, at timestamptz,
    OUT first_id uuid, OUT same_content boolean)
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _first moai_private.idempotency_key;
BEGIN
    LOOP
        -- Insert first and read only after a conflict: reading first fails most SERIALIZABLE publishers of distinct keys.
        INSERT INTO moai_private.idempotency_key (tenant, key, event_id, content_hash, expires_at)
        VALUES (take_idempotency_key.tenant, take_idempotency_key.key, take_idempotency_key.event_id,
                take_idempotency_key.content_hash, take_idempotency_key.at + take_idempotency_key.ttl)
        ON CONFLICT DO NOTHING;
        IF FOUND THEN
            RETURN;
        END IF;

        SELECT * INTO _first FROM moai_private.idempotency_key AS k
        WHERE k.tenant = take_idempotency_key.tenant AND k.key = take_idempotency_key.key;
        -- Not found: it was removed in between, so insert again.
        IF FOUND AND _first.expires_at > take_idempotency_key.at THEN
            take_idempotency_key.first_id := _first.event_id;
            take_idempotency_key.same_content := _first.content_hash = take_idempotency_key.content_hash;
            RETURN;
        END IF;

        DELETE FROM moai_private.idempotency_key AS k
        WHERE k.tenant = take_idempotency_key.tenant AND k.key = take_idempotency_key.key
          AND k.expires_at <= take_idempotency_key.at;
    END LOOP;
END
$$;
COMMENT ON FUNCTION moai_private.take_idempotency_key IS
$$Makes the key stand for this event. first_id is NULL if it now does, else the event it already stands for, and same_content whether
that one has this content. A value and not an error, so that a batch needs no subtransaction for each key.
Waits for another transaction that is just taking the same key.$$;

CREATE OR REPLACE FUNCTION moai_private.refuse_other_content(key text, first_id uuid)
    RETURNS void
    LANGUAGE plpgsql
    STABLE
AS $$
BEGIN
    PERFORM moai_private.fail(409, 'idempotency_key was used for an event of other content',
        format('idempotency_key = %L, event = %s', refuse_other_content.key, refuse_other_content.first_id),
        'Publish the same content again, or use another key.');
END
$$;
COMMENT ON FUNCTION moai_private.refuse_other_content IS 'Raises MO409: the key stands for an event of other content.';

CREATE OR REPLACE FUNCTION moai_private.key_in_use_texts(key text, OUT message text, OUT detail text, OUT hint text)
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
BEGIN
    key_in_use_texts.message := 'idempotency_key_in_use: another transaction that is still open is publishing the same key';
    key_in_use_texts.detail := 'idempotency_key = ' || coalesce(quote_literal(key_in_use_texts.key), 'that of an item');
    key_in_use_texts.hint := 'Repeat the request with the same key: it then gets the id of the event that was published first.';
END
$$;
COMMENT ON FUNCTION moai_private.key_in_use_texts IS
'What is told of a key that another open transaction is taking, whoever noticed it. key: NULL if it is not known which one of a batch it was.';
