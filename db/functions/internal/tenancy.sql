-- Who sees what. The mapping hangs on session_user, which no SET changes; definer functions and views pass through the same policies.

CREATE OR REPLACE FUNCTION moai_private.sees_all_tenants()
    RETURNS boolean
    LANGUAGE plpgsql  -- keeps its plan; the same in SQL took 60 µs a call, several times a publish
    STABLE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- One by one: each of these is evaluated without a plan of its own, all in one expression with the sub-select took 13 µs.
    -- current_user is the owner of this function. If that is not moai_owner, roles could not be made here and tenancy is off.
    IF current_user <> 'moai_owner' OR pg_has_role(session_user, current_user, 'MEMBER')
        OR coalesce(pg_has_role(session_user, to_regrole('moai_worker'), 'MEMBER'), false) THEN
        RETURN true;
    END IF;
    RETURN EXISTS (SELECT FROM moai_private.login_tenant WHERE login = session_user AND tenant = '*');
END
$$;
COMMENT ON FUNCTION moai_private.sees_all_tenants IS
'Whether the session''s login acts for every tenant: members of moai_owner and moai_worker, and logins mapped to ''*''.';

CREATE OR REPLACE FUNCTION moai_private.visible_tenants()
    RETURNS text[]
    LANGUAGE plpgsql
    STABLE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT coalesce(array_agg(tenant::text), ARRAY['default']) FROM moai_private.login_tenant WHERE login = session_user);
END
$$;
COMMENT ON FUNCTION moai_private.visible_tenants IS
'The tenants that the session''s login acts for by the mapping; ''default'' alone for a login without one.';

CREATE OR REPLACE FUNCTION moai_private.sees_subscription(id uuid)
    RETURNS boolean
    LANGUAGE plpgsql
    STABLE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    -- A probe in a function, and a cheap one by its word. As a sub-select the planner counts it for every row although hardly anybody
    -- needs it, finds moai.delivery of an empty database worth 500 000, and compiles its 470 partitions: 58 s for two rows.
    COST 1
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM moai_private.subscription AS s WHERE s.id = sees_subscription.id);
END
$$;
COMMENT ON FUNCTION moai_private.sees_subscription IS 'Whether the session''s login acts for the tenant of this subscription: it sees the row only then.';

-- Policies are made once: remaking them at every re-apply would take an exclusive lock on the tables under traffic.
DO $$
DECLARE
    _table record;
    -- The sub-selects are evaluated once for each statement, not for each row. Members of owner and worker are told by a
    -- built-in function first: a publish and its claim ask twelve times, and sees_all_tenants takes 9 µs.
    _all text := CASE WHEN current_user = 'moai_owner' THEN
            'pg_has_role(session_user, ''moai_owner'', ''MEMBER'') OR pg_has_role(session_user, to_regrole(''moai_worker''), ''MEMBER'') OR ' ELSE '' END
        || 'moai_private.sees_all_tenants()';
    _by_tenant text := format('(SELECT %s) OR tenant = ANY ((SELECT moai_private.visible_tenants())::text[])', _all);
    _by_subscription text := format('(SELECT %s) OR moai_private.sees_subscription(subscription_id)', _all);
BEGIN
    FOR _table IN
        SELECT * FROM (VALUES
            ('event', _by_tenant), ('event_held', _by_tenant), ('idempotency_key', _by_tenant),
            ('subscription', _by_tenant), ('subscription_type', _by_tenant),
            ('delivery', _by_subscription), ('endpoint_state', _by_subscription), ('failing', _by_subscription), ('dead_letter', _by_subscription),
            ('attempt', _by_subscription), ('attempt_held', _by_subscription),
            ('outcome', _by_subscription), ('outcome_held', _by_subscription)
        ) AS wall(name, rule)
        WHERE NOT EXISTS (SELECT FROM pg_policy WHERE polname = 'tenant_wall' AND polrelid = format('moai_private.%I', name)::regclass)
    LOOP
        EXECUTE format('ALTER TABLE moai_private.%I ENABLE ROW LEVEL SECURITY', _table.name);
        EXECUTE format('ALTER TABLE moai_private.%I FORCE ROW LEVEL SECURITY', _table.name);
        EXECUTE format('CREATE POLICY tenant_wall ON moai_private.%I USING (%s)', _table.name, _table.rule);
    END LOOP;
END
$$;
