BEGIN;
\ir ../helpers.psql
SELECT plan(8);

SELECT pg_temp.subscribe('rotate_secret') AS s \gset
SELECT moai.rotate_secret(:'s') AS new \gset
SELECT is((SELECT secret FROM moai_private.subscription WHERE id = :'s'), :'new', 'a secret is made, set and returned');
SELECT is((SELECT old_secrets FROM moai_private.subscription WHERE id = :'s'), '{whsec_c2VjcmV0}', 'the one before goes on signing');
SELECT ok((SELECT old_secrets_until BETWEEN clock_timestamp() + '23 h 59 min' AND clock_timestamp() + '24 h' FROM moai.subscription WHERE id = :'s'), 'for 24 hours, which the view shows');
SELECT is((SELECT position(:'new' IN s::text) + position('whsec_' IN s::text) FROM moai.subscription AS s WHERE id = :'s'), 0, 'but never a secret');
SELECT moai.rotate_secret(:'s', overlap => '0') \g /dev/null
SELECT is((SELECT old_secrets_until FROM moai.subscription WHERE id = :'s'), NULL, 'without an overlap there is none to show');
SELECT is(pg_temp.error_of($$SELECT moai.rotate_secret('00000000-0000-7000-8000-000000000000')$$), 'MO404: no such subscription / id = 00000000-0000-7000-8000-000000000000', 'an unknown id is none');
SELECT moai.delete_subscription(:'s') \g /dev/null
SELECT is(pg_temp.error_of(format('SELECT moai.rotate_secret(%L)', :'s')), 'MO410: subscription is deleted / id = ' || :'s', 'a deleted one is gone');
SELECT is((SELECT proconfig FROM pg_proc WHERE oid = 'moai.rotate_secret'::regproc AND prosecdef), '{"search_path=pg_catalog, pg_temp"}', 'it runs as the owner');

SELECT * FROM finish();
ROLLBACK;
