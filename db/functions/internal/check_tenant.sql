CREATE OR REPLACE FUNCTION moai_private.is_tenant(tenant text)
    RETURNS boolean
    LANGUAGE sql
    IMMUTABLE
    PARALLEL SAFE
RETURN char_length(is_tenant.tenant) BETWEEN 1 AND 128 AND is_tenant.tenant !~ '[[:cntrl:]]' AND is_tenant.tenant <> '*';
COMMENT ON FUNCTION moai_private.is_tenant IS 'Can the text name a tenant?';

CREATE OR REPLACE FUNCTION moai_private.check_tenant(tenant text)
    RETURNS void
    LANGUAGE plpgsql
    STABLE
AS $$
BEGIN
    IF coalesce(check_tenant.tenant, '') = '' THEN
        PERFORM moai_private.fail(422, 'tenant is empty', NULL, 'Leave it out for the tenant "default".');
    ELSIF NOT moai_private.is_tenant(check_tenant.tenant) THEN
        PERFORM moai_private.fail(422, 'tenant is not a tenant''s name', 'tenant = ' || quote_literal(left(check_tenant.tenant, 128)),
            'Use 1 to 128 characters without control characters; "*" alone is reserved.');
    ELSIF NOT (moai_private.sees_all_tenants() OR check_tenant.tenant = ANY (moai_private.visible_tenants())) THEN
        PERFORM moai_private.fail(403, format('login %s does not act for this tenant', session_user),
            'tenant = ' || quote_literal(check_tenant.tenant),
            format('An owner of moai may call moai.allow_tenant(login => %L, tenant => %L).', session_user, check_tenant.tenant));
    END IF;
END
$$;
COMMENT ON FUNCTION moai_private.check_tenant IS
'Raises MO422 unless the text can name a tenant, MO403 unless the session''s login acts for it.';
