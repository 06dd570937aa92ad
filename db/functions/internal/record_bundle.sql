CREATE OR REPLACE FUNCTION moai_private.record_bundle(hash text)
    RETURNS void
    LANGUAGE sql
    VOLATILE
BEGIN ATOMIC
    INSERT INTO moai_private.bundle (hash, applied_at) VALUES (record_bundle.hash, clock_timestamp())
    ON CONFLICT (only_row) DO UPDATE SET hash = excluded.hash, applied_at = excluded.applied_at;
END;
COMMENT ON FUNCTION moai_private.record_bundle IS 'Notes which functions, views and grants this database has; moai validate compares.';
