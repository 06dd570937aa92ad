BEGIN;
\ir ../helpers.psql
SELECT plan(4);

SELECT pg_temp.subscribe('rest/delete_subscription') AS s \gset
SELECT results_eq(format('SELECT status, body FROM moai_rest.delete_subscription(%L)', :'s'), 'VALUES (204, NULL)', 'it answers 204 and nothing');
SELECT is((SELECT state FROM moai.subscription WHERE id = :'s'), 'deleted', 'it is deleted');
SELECT is((SELECT status FROM moai_rest.delete_subscription(:'s')), 204, 'repeating it is harmless');
SELECT is(pg_temp.error_of($$SELECT moai_rest.delete_subscription('x')$$), 'MO404: no such subscription / id = ''x''', 'a malformed id is the id of nothing');

SELECT * FROM finish();
ROLLBACK;
