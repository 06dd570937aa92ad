CREATE OR REPLACE FUNCTION moai.rotate_secret(id uuid, overlap interval DEFAULT '24 hours', secret text DEFAULT NULL)
    RETURNS text
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN moai_private.rotate_secret(rotate_secret.id, rotate_secret.overlap, rotate_secret.secret, clock_timestamp());
END
$$;
COMMENT ON FUNCTION moai.rotate_secret IS
$$Gives a subscription another signing secret and returns it, once and for all. Requests are signed with both, the new one first, in one
webhook-signature header, until the overlap has ended (0 to 7 days); no replaced secret counts for longer than that, so one of 0 ends all at once.
Requests under way are not signed again. secret: as in moai.create_subscription; NULL makes one.
Raises MO404, MO409 (four replaced secrets still count), MO410 (deleted), MO422. Locks: the subscription.$$;
