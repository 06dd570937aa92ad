CREATE OR REPLACE FUNCTION moai_private.type_patterns(type text)
    RETURNS text[]
    LANGUAGE plpgsql
    IMMUTABLE
    STRICT
    PARALLEL SAFE
AS $$
DECLARE
    _words text[] := string_to_array(type_patterns.type, '.');
    _patterns text[] := ARRAY[type_patterns.type, '*'];
BEGIN
    FOR _n IN 1..cardinality(_words) - 1 LOOP
        _patterns := _patterns || (array_to_string(_words[1:_n], '.') || '.*');
    END LOOP;
    RETURN _patterns;
END
$$;
COMMENT ON FUNCTION moai_private.type_patterns IS
$$Every pattern a subscription may hold that takes this event type: a.b.c is taken by a.*, a.b.*, a.b.c and *.
Matching thus is a look-up of a few keys, whatever the number of subscriptions.$$;
