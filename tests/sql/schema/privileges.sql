-- Who may do what is exactly what moai_private.grant_list says (db/grants.sql).
BEGIN;
SELECT plan(14);

SELECT is_empty($$SELECT l.* FROM moai_private.grant_list AS l WHERE to_regrole(l.role_name) IS NOT NULL
    EXCEPT SELECT f.role_name, f.kind, f.object FROM moai_private.grant_found AS f$$, 'everything on the list is granted');
SELECT is_empty($$SELECT f.role_name, f.kind, f.object FROM moai_private.grant_found AS f WHERE f.role_name LIKE 'moai\_%'
    EXCEPT SELECT l.* FROM moai_private.grant_list AS l$$, 'moai''s roles have nothing beyond it');
SELECT is_empty($$SELECT f.kind, f.object FROM moai_private.grant_found AS f WHERE f.role_name = 'public'$$, 'PUBLIC has nothing');
SELECT is_empty($$SELECT l.object FROM moai_private.grant_list AS l
    WHERE CASE l.kind WHEN 'schema' THEN to_regnamespace(l.object) IS NULL WHEN 'function' THEN to_regproc(l.object) IS NULL ELSE to_regclass(l.object) IS NULL END$$,
    'the list names only what there is');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p WHERE p.pronamespace IN ('moai'::regnamespace, 'moai_rest'::regnamespace)
    AND p.proname NOT IN ('allow_tenant', 'disallow_tenant')
    AND NOT EXISTS (SELECT FROM moai_private.grant_list AS l WHERE l.kind = 'function' AND to_regproc(l.object) = p.oid)$$,
    'every public function is somebody''s, but for those that only owners may call');
SELECT is_empty($$SELECT l.object FROM moai_private.grant_list AS l WHERE l.object LIKE 'moai\_private%'
    AND l.object NOT IN ('moai_private.sees_all_tenants', 'moai_private.visible_tenants', 'moai_private.sees_subscription',
        'moai_private', 'moai_private.migration', 'moai_private.bundle')$$,
    'nobody gets at anything private, but for the functions of the policies and the version of the schema');
SELECT is((SELECT array_agg(DISTINCT l.role_name ORDER BY l.role_name) FROM moai_private.grant_list AS l), '{moai_api,moai_operator,moai_publisher,moai_reader,moai_worker}'::name[], 'these roles have something');
SELECT ok(NOT EXISTS (SELECT FROM pg_roles WHERE rolname LIKE 'moai\_%' AND (rolcanlogin OR rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb) AND rolname IN
    ('moai_owner', 'moai_publisher', 'moai_operator', 'moai_reader', 'moai_worker', 'moai_api')), 'none of moai''s roles logs in or has an attribute of power');

-- As the server judges it, for the calls that matter most.
SELECT is(CASE WHEN to_regrole(role_name) IS NULL THEN may ELSE has_function_privilege(role_name, to_regproc(function), 'EXECUTE') END, may, format('%s %s execute %s', role_name, CASE WHEN may THEN 'may' ELSE 'may not' END, function))
FROM (VALUES ('moai_publisher', 'moai.publish', true), ('moai_publisher', 'moai.claim_deliveries', false), ('moai_worker', 'moai.claim_deliveries', true),
             ('moai_reader', 'moai.redrive_dead_letters', false), ('moai_api', 'moai.allow_tenant', false), ('moai_operator', 'moai_private.insert_event', false)) AS t(role_name, function, may);

SELECT * FROM finish();
ROLLBACK;
