BEGIN;
SELECT plan(15);

SELECT ok(moai_private.sees_all_tenants(), 'a member of the owner acts for every tenant');
SELECT set_config('moai.tenant', 'elsewhere', true);
SELECT is(moai_private.visible_tenants(), '{default}'::text[], 'a login without a row acts for default, whatever it sets');
INSERT INTO moai_private.login_tenant VALUES (session_user, 'tenancy-a'), (session_user, 'tenancy-b');
SELECT ok(moai_private.visible_tenants() @> '{tenancy-a,tenancy-b}' AND NOT 'default' = ANY (moai_private.visible_tenants()), 'a login acts for the tenants it is mapped to, and then not for default');

SELECT is_empty($$
    SELECT c.relname FROM pg_class AS c
    WHERE c.relnamespace = 'moai_private'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relname NOT IN ('migration', 'bundle', 'login_tenant') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)$$,
    'row security is on and forced on every table with a tenant''s rows');
SELECT policies_are('moai_private', t, '{tenant_wall}', t || ' has the one wall')
FROM unnest(ARRAY['event', 'event_held', 'idempotency_key', 'subscription', 'subscription_type', 'delivery', 'dead_letter', 'attempt_held']::name[]) AS t;
SELECT is_empty($$SELECT tablename, qual FROM pg_policies WHERE schemaname = 'moai_private'
    AND (qual NOT LIKE '%moai_private.sees_all_tenants()%' OR qual !~ 'tenant = ANY .*moai_private\.visible_tenants\(\)|moai_private\.sees_subscription\(subscription_id\)')$$,
    'and the wall asks for each row whose it is');

SELECT is_empty($$
    SELECT p.oid::regprocedure FROM pg_proc AS p
    WHERE p.pronamespace IN ('moai'::regnamespace, 'moai_rest'::regnamespace, 'moai_private'::regnamespace) AND p.prosecdef
      AND NOT coalesce(p.proconfig @> '{"search_path=pg_catalog, pg_temp"}', false)$$,
    'a function that runs as the owner has its search_path pinned');
SELECT is_empty($$
    SELECT p.oid::regprocedure FROM pg_proc AS p WHERE p.pronamespace = 'moai'::regnamespace AND NOT p.prosecdef$$,
    'every public function runs as the owner');

SELECT * FROM finish();
ROLLBACK;
