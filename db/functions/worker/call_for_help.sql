CREATE OR REPLACE FUNCTION moai.call_for_help()
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_notify('moai_help', '');
END
$$;
COMMENT ON FUNCTION moai.call_for_help IS
'Every worker that listens on moai_help looks for work: there is more due than the sentinel can carry alone. Locks: none.';
