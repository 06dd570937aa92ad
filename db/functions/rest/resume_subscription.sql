CREATE OR REPLACE FUNCTION moai_rest.resume_subscription(id text, document text, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF nullif(resume_subscription.document, '') IS NOT NULL THEN
        PERFORM moai_private.read_document(resume_subscription.document, ARRAY[]::text[]);
    END IF;
    PERFORM moai_private.resume_subscription(moai_private.read_uuid(resume_subscription.id, 'subscription'), clock_timestamp());
    resume_subscription.status := 200;
    resume_subscription.body := moai_private.subscription_json(moai_private.find_subscription(resume_subscription.id));
END
$$;
COMMENT ON FUNCTION moai_rest.resume_subscription IS
$$POST /subscriptions/{id}/resume. document: empty, or {}. 200 with the subscription. Raises and locks as moai.resume_subscription.$$;
