BEGIN;
\ir ../helpers.psql
SELECT plan(3);

SELECT pg_temp.subscribe('views/dead_letter', max_attempts => 1) AS s \gset
SELECT pg_temp.publish('views/dead_letter') AS e \gset
SELECT pg_temp.complete(json_build_array(pg_temp.result(pg_temp.claim_one(), 'failed', NULL, 'timeout', 'too slow')), pg_temp.at('1 s')) \g /dev/null
SELECT results_eq(format('SELECT id, subscription_id, tenant, event_type, dead_at, attempts, reason, http_status, error_class, error_detail FROM moai.dead_letter WHERE event_id = %L', :'e'),
    format($$VALUES (%L, %L::uuid, 'views/dead_letter', 'user.created', pg_temp.at('1 s'), 1, 'exhausted', NULL::integer, 'timeout', 'too slow')$$, :'e' || '_' || :'s', :'s'), 'what was given up on is there, with why');
SELECT moai.redrive_dead_letters(ids => ARRAY[:'e' || '_' || :'s']) \g /dev/null
SELECT is((SELECT count(*) FROM moai.dead_letter WHERE event_id = :'e'), 0::bigint, 'until it is redriven');
SELECT throws_like(format('INSERT INTO moai_private.dead_letter VALUES (%L, %L, pg_temp.at(), 1, ''bored'')', :'e', :'s'), '%"dead_letter_reason_known"%', 'reasons are few');

SELECT * FROM finish();
ROLLBACK;
