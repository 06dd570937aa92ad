-- The keys of a batch, as if each had been taken by itself in the order of the keys.

CREATE OR REPLACE FUNCTION moai_private.insert_idempotency_keys(items moai_private.batch_item[], at timestamptz)
    RETURNS uuid[]
    LANGUAGE plpgsql
    VOLATILE
AS $$
DECLARE
    _inserted uuid[];
BEGIN
    WITH inserted AS (
        INSERT INTO moai_private.idempotency_key (tenant, key, event_id, content_hash, expires_at)
        SELECT i.tenant, i.idempotency_key, i.id, moai_private.content_hash(i.type, i.payload), insert_idempotency_keys.at + i.idempotency_ttl
        FROM (
            -- In sorted order: two batches that share keys in opposite orders would deadlock. Within a key the first item wins.
            SELECT DISTINCT ON (i.tenant COLLATE "C", i.idempotency_key COLLATE "C") i.*
            FROM unnest(insert_idempotency_keys.items) AS i
            WHERE i.code IS NULL AND i.idempotency_key IS NOT NULL
            ORDER BY i.tenant COLLATE "C", i.idempotency_key COLLATE "C", i.item
        ) AS i
        ON CONFLICT DO NOTHING
        RETURNING event_id
    )
    SELECT array_agg(event_id) INTO _inserted FROM inserted;
    RETURN _inserted;
END
$$;
COMMENT ON FUNCTION moai_private.insert_idempotency_keys IS
$$Makes each key that stands for nothing yet stand for the first item that has it, and returns the ids of those items. Waits for other transactions that
are just taking one of them.$$;

CREATE OR REPLACE FUNCTION moai_private.take_idempotency_keys(items moai_private.batch_item[], report boolean, skip_held boolean, at timestamptz)
    RETURNS moai_private.batch_item[]
    LANGUAGE plpgsql
    VOLATILE
    -- The table of keys is empty at first and has millions of rows later, while a plan is kept for long: always by its primary key.
    SET enable_seqscan = off
    SET enable_bitmapscan = off
    SET jit = off
AS $$
DECLARE
    _items moai_private.batch_item[];
    _item moai_private.batch_item;
    _own uuid[];
    _unsettled integer[];
    _in_one_pass boolean;
    _taken record;
    _held moai_private.batch_item;
    _usual_timeout text := current_setting('lock_timeout');
BEGIN
    IF take_idempotency_keys.skip_held THEN
        -- The shortest wait there is, and only here: everything else that is waited for below and above is over in a moment.
        PERFORM set_config('lock_timeout', '1ms', true);
    END IF;
    BEGIN
        _own := moai_private.insert_idempotency_keys(take_idempotency_keys.items, take_idempotency_keys.at);
        -- What the others stand for. Not read for our own: a SERIALIZABLE publisher that reads where others insert fails for distinct keys.
        SELECT array_agg((i.item, CASE WHEN s.settled THEN coalesce(k.event_id, i.id) ELSE i.id END, coalesce(k.event_id <> i.id, i.duplicate),
                          i.type, i.payload, i.idempotency_key, i.tenant, i.idempotency_ttl, i.code, i.message, i.detail, i.hint)::moai_private.batch_item
                         ORDER BY i.item),
            array_agg(i.item ORDER BY i.tenant COLLATE "C", i.idempotency_key COLLATE "C", i.item) FILTER (WHERE NOT s.settled),
            bool_and(s.settled OR coalesce(k.expires_at > take_idempotency_keys.at, false))
        INTO _items, _unsettled, _in_one_pass
        FROM unnest(take_idempotency_keys.items) AS i
        LEFT JOIN LATERAL (
            SELECT k.event_id, k.content_hash, k.expires_at FROM moai_private.idempotency_key AS k
            WHERE i.code IS NULL AND NOT coalesce(i.id = ANY (_own), false) AND k.tenant = i.tenant AND k.key = i.idempotency_key OFFSET 0
        ) AS k ON true
        CROSS JOIN LATERAL (
            SELECT i.code IS NOT NULL OR i.idempotency_key IS NULL OR coalesce(i.id = ANY (_own), false)
                OR coalesce(k.expires_at > take_idempotency_keys.at AND k.content_hash = moai_private.content_hash(i.type, i.payload), false) AS settled
        ) AS s;
        IF _in_one_pass IS DISTINCT FROM true THEN
            RAISE EXCEPTION USING ERRCODE = 'MO000', MESSAGE = 'an expired key must be taken after those before it';
        END IF;
    EXCEPTION WHEN SQLSTATE 'MO000' OR lock_not_available THEN
        IF SQLSTATE <> 'MO000' AND NOT take_idempotency_keys.skip_held THEN
            RAISE;
        END IF;
        -- Nothing of the above stands: in the order of the keys, each by itself.
        _items := take_idempotency_keys.items;
        SELECT array_agg(i.item ORDER BY i.tenant COLLATE "C", i.idempotency_key COLLATE "C", i.item) INTO _unsettled
        FROM unnest(_items) AS i WHERE i.code IS NULL AND i.idempotency_key IS NOT NULL;
    END;

    FOR _n IN 1..coalesce(cardinality(_unsettled), 0) LOOP
        _item := _items[_unsettled[_n] + 1];
        BEGIN
            IF (_item.tenant, _item.idempotency_key) = (_held.tenant, _held.idempotency_key) THEN
                RAISE lock_not_available;  -- waited for once, however many items have it
            END IF;
            _taken := moai_private.take_idempotency_key(_item.tenant, _item.idempotency_key, _item.id,
                moai_private.content_hash(_item.type, _item.payload), _item.idempotency_ttl, take_idempotency_keys.at);
            _item.duplicate := _taken.first_id IS NOT NULL;
            _item.id := coalesce(_taken.first_id, _item.id);
            IF NOT _taken.same_content THEN
                PERFORM moai_private.refuse_other_content(_item.idempotency_key, _taken.first_id);
            END IF;
        EXCEPTION WHEN SQLSTATE 'MO409' OR lock_not_available THEN
            GET STACKED DIAGNOSTICS _item.code = RETURNED_SQLSTATE, _item.message = MESSAGE_TEXT,
                _item.detail = PG_EXCEPTION_DETAIL, _item.hint = PG_EXCEPTION_HINT;
            IF _item.code = 'MO409' AND NOT take_idempotency_keys.report THEN
                PERFORM moai_private.fail(409, _item.message, format('item %s: %s', _item.item, _item.detail), _item.hint);
            ELSIF _item.code <> 'MO409' AND NOT take_idempotency_keys.skip_held THEN
                RAISE;
            END IF;
            IF _item.code <> 'MO409' THEN
                SELECT t.message, t.detail, t.hint INTO _item.message, _item.detail, _item.hint
                FROM moai_private.key_in_use_texts(_item.idempotency_key) AS t;
                _held := _item;
            END IF;
            _item.id := NULL;
            _item.duplicate := NULL;
        END;
        _items[_item.item + 1] := _item;
    END LOOP;
    IF take_idempotency_keys.skip_held THEN
        PERFORM set_config('lock_timeout', _usual_timeout, true);
    END IF;
    RETURN _items;
END
$$;
COMMENT ON FUNCTION moai_private.take_idempotency_keys IS
$$Makes the keys of the items stand for them, or the items repeats of the events that their keys stand for already. report: a key used for other
content is told in the item and not raised. skip_held: an item whose key another open transaction is taking is given the code 55P03 after 1 ms;
else it is waited for.$$;
