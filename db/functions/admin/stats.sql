CREATE OR REPLACE FUNCTION moai.stats()
    RETURNS json
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN moai_private.stats(clock_timestamp());
END
$$;
COMMENT ON FUNCTION moai.stats IS
$$How the queue is, of the tenants that the login acts for, as JSON: queue (depth, due, oldest_due_seconds, next_due_seconds, and the number of
pending, delivering, retrying, parked), dead_letters, subscriptions (active, paused, disabled), workers (name, since: null where the server does
not let us see it), attempts_estimate, partitions_until, migration and bundle (what is installed).
Reads the queue and the dead letters, never the history. Locks: none.$$;
