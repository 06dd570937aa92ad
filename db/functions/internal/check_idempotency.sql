CREATE OR REPLACE FUNCTION moai_private.check_idempotency(idempotency_key text, idempotency_ttl interval)
    RETURNS void
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
BEGIN
    IF char_length(check_idempotency.idempotency_key) NOT BETWEEN 1 AND 255 THEN
        PERFORM moai_private.fail(422,
            format('idempotency_key is %s characters long, 1 to 255 are allowed', char_length(check_idempotency.idempotency_key)),
            NULL, 'Use a UUID, or the key of the business change.');
    END IF;
    IF check_idempotency.idempotency_ttl IS NULL OR check_idempotency.idempotency_ttl NOT BETWEEN '1 hour' AND '366 days' THEN
        PERFORM moai_private.fail(422, 'idempotency_ttl is outside of 1 hour to 366 days',
            'idempotency_ttl = ' || coalesce(quote_literal(check_idempotency.idempotency_ttl), 'null'), 'Leave it out for 24 hours.');
    END IF;
END
$$;
COMMENT ON FUNCTION moai_private.check_idempotency IS 'Raises MO422 unless key (which may be NULL) and time to live are in range.';

CREATE OR REPLACE FUNCTION moai_private.check_one_key(header text, field text)
    RETURNS void
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
BEGIN
    IF check_one_key.header <> check_one_key.field THEN
        PERFORM moai_private.fail(422, 'the header Idempotency-Key and the field idempotency_key differ',
            format('header = %L, field = %L', left(check_one_key.header, 255), left(check_one_key.field, 255)), 'Give one of them.');
    END IF;
END
$$;
COMMENT ON FUNCTION moai_private.check_one_key IS 'Raises MO422 if both are given and differ.';
