CREATE OR REPLACE FUNCTION moai_private.fail(status integer, message text, detail text DEFAULT NULL, hint text DEFAULT NULL)
    RETURNS void
    LANGUAGE plpgsql
    STABLE
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'MO' || fail.status,
        MESSAGE = fail.message,
        DETAIL = coalesce(fail.detail, ''),
        HINT = coalesce(fail.hint, '');
END
$$;
COMMENT ON FUNCTION moai_private.fail IS
$$Raises an error of class MO: the last three characters are the HTTP status that stands for it.
message is for people, detail names the values, hint the next step.$$;
