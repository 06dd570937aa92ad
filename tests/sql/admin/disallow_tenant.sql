BEGIN;
\ir ../helpers.psql
SELECT plan(2);

SELECT moai.allow_tenant(session_user, 'disallow_tenant') \g /dev/null
SELECT moai.disallow_tenant(session_user, 'disallow_tenant') \g /dev/null
SELECT is((SELECT count(*) FROM moai_private.login_tenant WHERE login = session_user AND tenant = 'disallow_tenant'), 0::bigint, 'what was allowed is taken back');
SELECT is(pg_temp.error_of($$SELECT moai.disallow_tenant('somebody', 'disallow_tenant')$$),
    'MO404: login was not allowed this tenant / login = ''somebody'', tenant = ''disallow_tenant''', 'what was not allowed cannot be');

SELECT * FROM finish();
ROLLBACK;
