CREATE OR REPLACE FUNCTION moai_private.tg_subscription_types()
    RETURNS trigger
    LANGUAGE plpgsql
    VOLATILE
AS $$
BEGIN
    DELETE FROM moai_private.subscription_type AS t
    WHERE t.subscription_id = NEW.id AND t.tenant = NEW.tenant
      AND (NEW.state = 'deleted' OR NOT t.pattern = ANY (NEW.event_types));
    IF NEW.state <> 'deleted' THEN
        INSERT INTO moai_private.subscription_type (tenant, pattern, subscription_id)
        SELECT DISTINCT NEW.tenant, p.pattern, NEW.id FROM unnest(NEW.event_types) AS p(pattern)
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION moai_private.tg_subscription_types IS 'Keeps subscription_type at what event_types and state of the subscription say.';

-- Made once: replacing it at every re-apply would wait for the open publishers, and all others behind it.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'subscription_types' AND tgrelid = 'moai_private.subscription'::regclass) THEN
        CREATE TRIGGER subscription_types
            AFTER INSERT OR UPDATE OF event_types, state ON moai_private.subscription
            FOR EACH ROW EXECUTE FUNCTION moai_private.tg_subscription_types();
    END IF;
END
$$;
