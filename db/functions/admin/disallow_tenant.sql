CREATE OR REPLACE FUNCTION moai.disallow_tenant(login name, tenant text)
    RETURNS void
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    DELETE FROM moai_private.login_tenant AS t WHERE t.login = disallow_tenant.login AND t.tenant = disallow_tenant.tenant;
    IF NOT FOUND THEN
        PERFORM moai_private.fail(404, 'login was not allowed this tenant',
            format('login = %L, tenant = %L', disallow_tenant.login, disallow_tenant.tenant),
            'moai_private.login_tenant has what is allowed.');
    END IF;
END
$$;
COMMENT ON FUNCTION moai.disallow_tenant IS
$$Takes back what moai.allow_tenant gave. A login that is left with nothing acts for 'default' again: revoke its roles to shut it out.
For members of moai_owner only; also for logins that are gone. Raises MO404. Locks: the row of the mapping.$$;
