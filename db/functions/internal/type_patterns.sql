CREATE OR REPLACE FUNCTION moai_private.type_patterns(type text)
    RETURNS text[]
    LANGUAGE plpgsql
    IMMUTABLE
    STRICT
    PARALLEL SAFE
AS $$
DECLARE
    _words text[] := string_to_array(type_patterns.type, '.');
    -- "*" is all that is published, not what moai says of itself.
    _patterns text[] := CASE WHEN moai_private.is_operational(type_patterns.type) THEN ARRAY[type_patterns.type] ELSE ARRAY[type_patterns.type, '*'] END;
BEGIN
    FOR _n IN 1..cardinality(_words) - 1 LOOP
        _patterns := _patterns || (array_to_string(_words[1:_n], '.') || '.*');
    END LOOP;
    RETURN _patterns;
END
$$;
COMMENT ON FUNCTION moai_private.type_patterns IS
$$Every pattern a subscription may hold that takes this event type: a.b.c is taken by a.*, a.b.*, a.b.c and *; a type of moai's own not by *.
Matching thus is a look-up of a few keys, whatever the number of subscriptions.$$;
