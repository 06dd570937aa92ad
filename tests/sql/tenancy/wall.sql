-- The wall between tenants, as far as one login can see it; tests/cpp/integration/tenancy_test.cpp walks up to it as other logins.
BEGIN;
SELECT plan(6);

SELECT is_empty($$SELECT c.oid::regclass FROM pg_class AS c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) AS a
    WHERE c.relnamespace = 'moai_private'::regnamespace AND c.relkind IN ('r', 'p') AND a.grantee <> c.relowner
      AND c.relname NOT IN ('migration', 'bundle')$$, 'nobody but the owner is granted a table, the version of the schema apart');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
    WHERE p.pronamespace IN ('moai'::regnamespace, 'moai_rest'::regnamespace) AND a.grantee = 0 AND has_schema_privilege('public', p.pronamespace, 'USAGE')$$, 'no public function may be called by everybody');
SELECT is_empty($$SELECT n.nspname FROM pg_namespace AS n, aclexplode(n.nspacl) AS a WHERE n.nspname = 'moai_private' AND a.grantee <> n.nspowner
      AND a.privilege_type <> 'USAGE'$$, 'nobody but the owner may make anything in moai_private');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p WHERE p.prosecdef AND p.pronamespace = 'moai_private'::regnamespace
    AND p.proname NOT IN ('sees_all_tenants', 'visible_tenants', 'sees_subscription')$$, 'inside, only what the policies call runs as the owner');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class AS c WHERE c.relnamespace = 'moai'::regnamespace AND c.relkind = 'm'$$, 'no view is materialised: row security ends there');
SELECT ok(NOT rolsuper AND NOT rolbypassrls AND NOT rolcanlogin, 'the owner is no superuser, bypasses no row security and does not log in')
FROM pg_namespace AS n JOIN pg_roles AS r ON r.oid = n.nspowner WHERE n.nspname = 'moai_private' AND r.rolname = 'moai_owner'
UNION ALL SELECT pass('tenancy is off: the schema belongs to whoever installed it') FROM pg_namespace WHERE nspname = 'moai_private' AND pg_get_userbyid(nspowner) <> 'moai_owner';

SELECT * FROM finish();
ROLLBACK;
