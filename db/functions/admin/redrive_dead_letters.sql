CREATE OR REPLACE FUNCTION moai.redrive_dead_letters(
    ids text[] DEFAULT NULL,
    subscription_id uuid DEFAULT NULL,
    tenant text DEFAULT NULL,
    max_count integer DEFAULT 1000)
    RETURNS integer
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN moai_private.redrive_dead_letters(redrive_dead_letters.ids, redrive_dead_letters.subscription_id,
        redrive_dead_letters.tenant, redrive_dead_letters.max_count, clock_timestamp());
END
$$;
COMMENT ON FUNCTION moai.redrive_dead_letters IS
$$Puts dead letters back into delivery, oldest event first, due now, with fresh tries and attempt numbers that go on; returns how many.
ids, subscription_id, tenant: only those that fit all that are given; without any, all. max_count: 1 to 10000; call again until it returns 0.
Those of deleted subscriptions are skipped, those of paused ones wait, parked. An empty array of ids redrives nothing.
Raises MO404 (an id is no dead letter), MO410 (asked for by id, and the subscription is deleted), MO422, MO403 (tenant).
Locks: the subscriptions (shared), then the dead letters in the order of their keys.$$;
