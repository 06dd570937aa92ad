BEGIN;
\ir ../helpers.psql
SELECT plan(4);

SELECT pg_temp.subscribe('discard_dead_letter', max_attempts => 1) AS s \gset
SELECT pg_temp.publish('discard_dead_letter') AS e \gset
SELECT pg_temp.complete(json_build_array(pg_temp.result(pg_temp.claim_one(), 'failed', 500, 'http_status')), pg_temp.at('1 s')) \g /dev/null
SELECT moai.discard_dead_letter(:'e' || '_' || :'s') \g /dev/null
SELECT is((SELECT count(*) FROM moai.dead_letter WHERE event_id = :'e'), 0::bigint, 'it is gone');
SELECT is((SELECT state FROM moai.delivery WHERE event_id = :'e'), 'dead', 'its delivery goes on being shown as dead');
SELECT is(pg_temp.error_of(format('SELECT moai.discard_dead_letter(%L)', :'e' || '_' || :'s')), format('MO404: no such dead letter / id = %s_%s', :'e', :'s'), 'it cannot be discarded twice');
SELECT is(pg_temp.error_of($$SELECT moai.discard_dead_letter(NULL)$$), 'MO404: no such dead letter / id = NULL', 'NULL is the id of nothing');

SELECT * FROM finish();
ROLLBACK;
