CREATE OR REPLACE FUNCTION moai.leave_office()
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- All of the session's: whoever is next in moai.await_office has the office at once, and looks.
    PERFORM pg_advisory_unlock_all();
END
$$;
COMMENT ON FUNCTION moai.leave_office IS
'Another session becomes the sentinel''s. Call it before this worker stops claiming: it drains, or is full. Locks: releases every advisory one of this session.';
