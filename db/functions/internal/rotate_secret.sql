CREATE OR REPLACE FUNCTION moai_private.rotate_secret(id uuid, overlap interval, secret text, at timestamptz)
    RETURNS text
    LANGUAGE plpgsql
    VOLATILE
AS $$
#variable_conflict use_column
DECLARE
    _most CONSTANT integer := 4;
    _old moai_private.subscription := moai_private.lock_subscription(rotate_secret.id);
    _new text;
    _secrets text[];
    _until timestamptz[];
BEGIN
    IF rotate_secret.secret IS NULL AND moai_private.public_key(_old.secret) IS NOT NULL THEN
        PERFORM moai_private.fail(422, 'secret is missing', 'id = ' || _old.id, 'Give the ed25519 secret that moai keygen makes; one that is made here would be of another kind.');
    END IF;
    _new := moai_private.check_secret(rotate_secret.secret);
    PERFORM moai_private.check_range('overlap', rotate_secret.overlap::text, rotate_secret.overlap BETWEEN '0' AND '7 days', '0 s to 7 days');
    -- None of them counts for longer than the overlap from now: with one of 0, of a secret that became known, all end at once.
    SELECT array_agg(o.secret ORDER BY o.place), array_agg(least(o.until, rotate_secret.at + rotate_secret.overlap) ORDER BY o.place)
    INTO _secrets, _until
    FROM unnest(_old.secret || _old.old_secrets, 'infinity'::timestamptz || _old.old_until) WITH ORDINALITY AS o(secret, until, place)
    WHERE least(o.until, rotate_secret.at + rotate_secret.overlap) > rotate_secret.at;
    IF _new = _old.secret OR _new = ANY (_secrets) THEN
        PERFORM moai_private.fail(422, 'secret is one that the subscription has', 'id = ' || _old.id, 'Leave it out, and a new one is made.');
    ELSIF cardinality(_secrets) > _most THEN
        PERFORM moai_private.fail(409, format('%s replaced secrets still count', _most),
            'the first of them until ' || moai_private.time_text((SELECT min(u) FROM unnest(_until) AS u)),
            'Wait until then, or give an overlap that ends them, such as 0.');
    END IF;
    UPDATE moai_private.subscription AS s
    SET secret = _new, old_secrets = _secrets, old_until = _until, updated_at = rotate_secret.at
    WHERE s.id = _old.id;
    PERFORM moai_private.publish_operational('moai.secret.rotated', ARRAY[_old.id],
        ARRAY[jsonb_build_object('old_secrets_until', moai_private.time_text((SELECT max(u) FROM unnest(_until) AS u)))]);
    RETURN _new;
END
$$;
COMMENT ON FUNCTION moai_private.rotate_secret IS 'moai.rotate_secret at a given time.';
