CREATE OR REPLACE FUNCTION moai_private.check_range(field text, value text, is_in_range boolean, allowed text)
    RETURNS void
    LANGUAGE plpgsql
    IMMUTABLE
AS $$
BEGIN
    IF check_range.is_in_range IS NOT TRUE THEN
        PERFORM moai_private.fail(422, format('%s is outside of %s', check_range.field, check_range.allowed),
            format('%s = %s', check_range.field, coalesce(left(check_range.value, 64), 'null')),
            format('Give a %s of %s, or leave it out.', check_range.field, check_range.allowed));
    END IF;
END
$$;
COMMENT ON FUNCTION moai_private.check_range IS 'Raises MO422 naming field, value and what is allowed, unless is_in_range.';
