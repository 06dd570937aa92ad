BEGIN;
\ir ../helpers.psql
SELECT plan(5);

SELECT moai.allow_tenant(session_user, 'allow_tenant'), moai.allow_tenant(session_user, 'allow_tenant'), moai.allow_tenant(session_user, '*') \g /dev/null
SELECT results_eq($$SELECT tenant FROM moai_private.login_tenant WHERE login = session_user AND tenant IN ('allow_tenant', '*') ORDER BY tenant$$, $$VALUES ('*'), ('allow_tenant')$$,
    'it is written down, once; * is every tenant');
SELECT ok('allow_tenant' = ANY (moai_private.visible_tenants()), 'and holds from the next statement on');
SELECT is(pg_temp.error_of($$SELECT moai.allow_tenant('moai no such role', 'a')$$), 'MO404: no such login / login = ''moai no such role''', 'an unknown login is refused');
SELECT is(pg_temp.error_of($$SELECT moai.allow_tenant(session_user, '')$$), 'MO422: tenant is empty', 'so is what names no tenant');
SELECT is(pg_temp.error_of($$SELECT moai.allow_tenant(session_user, NULL)$$), 'MO422: tenant is empty', 'and NULL');

SELECT * FROM finish();
ROLLBACK;
