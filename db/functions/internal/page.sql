CREATE OR REPLACE FUNCTION moai_private.page(items text[], keys text[], max_count integer, rest_after text)
    RETURNS text
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
DECLARE
    _count integer := 0;
    _bytes integer := 0;
BEGIN
    FOR _n IN 1..least(coalesce(cardinality(page.items), 0), page.max_count) LOOP
        _bytes := _bytes + octet_length(page.items[_n]) + 1;
        -- An answer stays below 64 KiB, also with the next key and the braces. A single item always does.
        EXIT WHEN _count > 0 AND _bytes > 61000;
        _count := _n;
    END LOOP;
    RETURN '{"items":[' || coalesce(array_to_string(page.items[1:_count], ','), '') || '],"next":'
        || coalesce(to_json(CASE WHEN _count < cardinality(page.items) THEN page.keys[_count] ELSE page.rest_after END)::text, 'null') || '}';
END
$$;
COMMENT ON FUNCTION moai_private.page IS
$$One page of a list: as many of the items as fit into max_count and 60 KiB, and the key of the last one if there are more.
rest_after: where to go on when all items fit but the look for them was cut short.$$;
