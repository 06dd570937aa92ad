CREATE OR REPLACE FUNCTION moai.allow_tenant(login name, tenant text)
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF to_regrole(quote_ident(allow_tenant.login)) IS NULL THEN
        PERFORM moai_private.fail(404, 'no such login', 'login = ' || quote_nullable(allow_tenant.login), 'Create the role first.');
    END IF;
    IF allow_tenant.tenant IS DISTINCT FROM '*' THEN
        PERFORM moai_private.check_tenant(allow_tenant.tenant);
    END IF;
    INSERT INTO moai_private.login_tenant (login, tenant) VALUES (allow_tenant.login, allow_tenant.tenant) ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION moai.allow_tenant IS
$$Lets a login act for a tenant; '*' is every tenant. A login that was allowed nothing acts for 'default', and one that was allowed something for that alone.
What it may do there its roles say (moai_publisher, moai_operator, moai_reader). Sessions that are open see it at their next statement.
For members of moai_owner only. Raises MO404 (no such role), MO422. Locks: none that others wait for.$$;
