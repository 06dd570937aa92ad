BEGIN;
\ir ../helpers.psql
SELECT plan(3);

SELECT pg_temp.subscribe('rest/discard_dead_letter') AS s \gset
SELECT pg_temp.publish('rest/discard_dead_letter') AS e \gset
DELETE FROM moai_private.delivery WHERE event_id = :'e';
INSERT INTO moai_private.dead_letter VALUES (:'e', :'s', pg_temp.at(), 3, 'exhausted');
SELECT results_eq(format('SELECT status, body FROM moai_rest.discard_dead_letter(%L)', :'e' || '_' || :'s'), 'VALUES (204, NULL)', 'it answers 204 and nothing');
SELECT is(pg_temp.error_of(format('SELECT moai_rest.discard_dead_letter(%L)', :'e' || '_' || :'s')), format('MO404: no such dead letter / id = %s_%s', :'e', :'s'), 'it is gone');
SELECT is(pg_temp.error_of($$SELECT moai_rest.discard_dead_letter('x')$$), 'MO404: no such dead letter / id = ''x''', 'a malformed id is the id of nothing');

SELECT * FROM finish();
ROLLBACK;
