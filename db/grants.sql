-- Who may do what, as data: one list, applied to what differs from it. Roles that are not there are left out.
-- The tests read the same list (tests/sql/schema/privileges.sql).

CREATE OR REPLACE VIEW moai_private.grant_list AS
SELECT l.role_name::name AS role_name, l.kind, o.object
FROM (VALUES
    ('moai_publisher', 'schema', 'moai'),
    ('moai_publisher', 'function', 'moai.publish moai.publish_jsonb moai.publish_batch'),

    ('moai_operator', 'schema', 'moai'),
    ('moai_operator', 'function',
        'moai.create_subscription moai.update_subscription moai.pause_subscription moai.resume_subscription moai.delete_subscription moai.rotate_secret
         moai.retry_delivery moai.cancel_delivery moai.redrive_dead_letters moai.discard_dead_letter moai.stats moai.history_stats'),

    ('moai_worker', 'schema', 'moai'),
    ('moai_worker', 'function', 'moai.claim_deliveries moai.claim_parked moai.complete_deliveries moai.record_breakers moai.endpoints moai.maintain moai.upkeep_state
         moai.stats moai.history_stats moai.await_office moai.call_for_help moai.fall_asleep moai.wake_up moai.leave_office'),

    ('moai_reader', 'schema', 'moai'),
    ('moai_reader', 'view', 'moai.event moai.subscription moai.delivery moai.attempt moai.dead_letter'),
    ('moai_reader', 'function', 'moai.stats moai.history_stats'),
    -- The policies of the tables behind the views call these as the reader.
    ('moai_reader', 'function', 'moai_private.sees_all_tenants moai_private.visible_tenants moai_private.sees_subscription'),

    ('moai_api', 'schema', 'moai moai_rest'),
    ('moai_api', 'function', 'moai.stats moai.history_stats'),
    ('moai_api', 'function',
        'moai_rest.publish moai_rest.publish_group moai_rest.list_events moai_rest.get_event moai_rest.get_payload moai_rest.list_event_deliveries
         moai_rest.create_subscription moai_rest.list_subscriptions moai_rest.get_subscription moai_rest.update_subscription
         moai_rest.delete_subscription moai_rest.pause_subscription moai_rest.resume_subscription moai_rest.rotate_secret
         moai_rest.list_deliveries moai_rest.get_delivery moai_rest.list_attempts moai_rest.retry_delivery moai_rest.cancel_delivery
         moai_rest.list_dead_letters moai_rest.redrive_dead_letters moai_rest.discard_dead_letter'),

    -- Whoever may connect may ask whether the schema is the one its program needs (moai validate, and every start).
    ('moai_publisher', 'schema', 'moai_private'), ('moai_operator', 'schema', 'moai_private'), ('moai_worker', 'schema', 'moai_private'),
    ('moai_reader', 'schema', 'moai_private'), ('moai_api', 'schema', 'moai_private'),
    ('moai_publisher', 'view', 'moai_private.migration moai_private.bundle'),
    ('moai_operator', 'view', 'moai_private.migration moai_private.bundle'),
    ('moai_worker', 'view', 'moai_private.migration moai_private.bundle'),
    ('moai_reader', 'view', 'moai_private.migration moai_private.bundle'),
    ('moai_api', 'view', 'moai_private.migration moai_private.bundle')
) AS l(role_name, kind, objects)
CROSS JOIN LATERAL regexp_split_to_table(l.objects, '\s+') AS o(object);
COMMENT ON VIEW moai_private.grant_list IS
'What each role may do: USAGE of a schema, EXECUTE of a function, SELECT of a view. moai.allow_tenant and the like are for members of the owner alone.';

-- Everything that may be granted, and to whom it is.
CREATE OR REPLACE VIEW moai_private.grant_found AS
SELECT o.kind, o.object, o.identity, o.privilege, a.grantee,
    CASE WHEN a.grantee = 0 THEN 'public' ELSE pg_get_userbyid(a.grantee) END AS role_name
FROM (
    SELECT 'schema' AS kind, n.nspname::text AS object, quote_ident(n.nspname) AS identity, 'USAGE' AS privilege, n.nspowner AS owner,
        coalesce(n.nspacl, acldefault('n', n.nspowner)) AS acl
    FROM pg_namespace AS n WHERE n.nspname IN ('moai', 'moai_rest', 'moai_private')
    UNION ALL
    SELECT 'function', n.nspname || '.' || p.proname, p.oid::regprocedure::text, 'EXECUTE', p.proowner,
        coalesce(p.proacl, acldefault('f', p.proowner))
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname IN ('moai', 'moai_rest', 'moai_private')
    UNION ALL
    SELECT 'view', n.nspname || '.' || c.relname, c.oid::regclass::text, 'SELECT', c.relowner,
        coalesce(c.relacl, acldefault('r', c.relowner))
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('moai', 'moai_rest', 'moai_private') AND c.relkind IN ('v', 'r', 'p')
) AS o
CROSS JOIN LATERAL aclexplode(o.acl) AS a
WHERE a.grantee <> o.owner;
COMMENT ON VIEW moai_private.grant_found IS 'Who may do what with schemas, functions, views and tables of moai, owners apart.';

DO $$
DECLARE
    _grant record;
BEGIN
    -- Taken away: what everybody has by PostgreSQL's default, and what our roles have beyond the list. Grants to others stay.
    FOR _grant IN
        SELECT DISTINCT f.kind, f.identity, CASE WHEN f.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(f.role_name) END AS grantee
        FROM moai_private.grant_found AS f
        WHERE f.grantee = 0
           OR f.role_name IN (SELECT l.role_name FROM moai_private.grant_list AS l)
              AND (f.role_name, f.kind, f.object) NOT IN (SELECT l.role_name, l.kind, l.object FROM moai_private.grant_list AS l)
    LOOP
        EXECUTE format('REVOKE ALL ON %s %s FROM %s',
            CASE _grant.kind WHEN 'view' THEN 'TABLE' ELSE _grant.kind END, _grant.identity, _grant.grantee);
    END LOOP;

    FOR _grant IN
        SELECT l.kind, l.role_name,
            CASE l.kind WHEN 'schema' THEN 'USAGE' WHEN 'function' THEN 'EXECUTE' ELSE 'SELECT' END AS privilege,
            CASE l.kind WHEN 'function' THEN to_regproc(l.object)::regprocedure::text ELSE l.object END AS identity
        FROM moai_private.grant_list AS l
        WHERE to_regrole(l.role_name) IS NOT NULL
          AND (l.role_name, l.kind, l.object) NOT IN (SELECT f.role_name, f.kind, f.object FROM moai_private.grant_found AS f)
    LOOP
        EXECUTE format('GRANT %s ON %s %s TO %I', _grant.privilege,
            CASE _grant.kind WHEN 'view' THEN 'TABLE' ELSE _grant.kind END, _grant.identity, _grant.role_name);
    END LOOP;
END
$$;
