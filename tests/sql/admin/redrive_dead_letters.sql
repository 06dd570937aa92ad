BEGIN;
\ir ../helpers.psql
SELECT plan(19);

SELECT pg_temp.subscribe('redrive_dead_letters', max_attempts => 1) AS s \gset
SELECT pg_temp.publish('redrive_dead_letters') AS e \gset
SELECT pg_temp.complete(json_build_array(pg_temp.result(pg_temp.claim_one(), 'failed', 500, 'http_status')), pg_temp.at('1 s')) \g /dev/null
SELECT is((SELECT state FROM moai.delivery WHERE event_id = :'e'), 'dead', 'a delivery that failed its last try is dead');
UPDATE moai_private.subscription SET max_attempts = 5 WHERE id = :'s';
SELECT is(moai_private.redrive_dead_letters(ARRAY[:'e' || '_' || :'s', upper(:'e' || '_' || :'s')], NULL, NULL, 1000, pg_temp.at('2 s')), 1, 'redriven by id, named twice it is one');
SELECT is(pg_temp.queued(:'e'), 'due 2.000, free, attempt 1, tries 5, lapses 0', 'it is due now, with fresh tries, and its attempt numbers go on');
SELECT is((SELECT count(*) FROM moai.dead_letter WHERE event_id = :'e'), 0::bigint, 'it is no dead letter any more');
SELECT results_eq(format('SELECT state, attempts, finished_at FROM moai.delivery WHERE event_id = %L', :'e'),
    $$VALUES ('retrying'::moai.delivery_state, 1, NULL::timestamptz)$$, 'moai.delivery shows it live, once');
SELECT pg_temp.claim_one(pg_temp.at('2 s')) AS claimed \gset
SELECT is((:'claimed'::claimed).attempt_no, 2, 'the next request is attempt 2');
SELECT pg_temp.complete(json_build_array(pg_temp.result(:'claimed'::claimed, 'delivered', 200)), pg_temp.at('3 s')) \g /dev/null
SELECT results_eq(format('SELECT state, attempts FROM moai.delivery WHERE event_id = %L', :'e'), $$VALUES ('delivered'::moai.delivery_state, 2)$$, 'the latest terminal fact stands');

SELECT pg_temp.subscribe('redrive_dead_letters/held', state => 'paused') AS h \gset
CREATE TEMP TABLE held AS SELECT pg_temp.publish('redrive_dead_letters/held') AS id FROM generate_series(1, 3);
DELETE FROM moai_private.delivery WHERE subscription_id = :'h';
INSERT INTO moai_private.dead_letter SELECT id, :'h', pg_temp.at(), 7, 'crash_loop' FROM held;
SELECT is(moai_private.redrive_dead_letters('{}', NULL, NULL, 1000, pg_temp.at()), 0, 'an empty array of ids redrives nothing');
SELECT is(moai_private.redrive_dead_letters(NULL, :'s', 'redrive_dead_letters/held', 1000, pg_temp.at()), 0, 'filters hold together');
SELECT is(moai_private.redrive_dead_letters(NULL, NULL, 'redrive_dead_letters/held', 1, pg_temp.at()), 1, 'max_count is the most');
SELECT is(pg_temp.queued((SELECT min(id::text)::uuid FROM held)), 'due 30.000, free, attempt 7, tries 3, lapses 0, parked', 'the oldest event first; of a paused subscription it waits');
SELECT is(moai.redrive_dead_letters(subscription_id => :'h'), 2, 'then the others');
SELECT is(moai.redrive_dead_letters(subscription_id => :'h'), 0, 'until there are no more');
SELECT is(pg_temp.error_of(format('SELECT moai.redrive_dead_letters(ARRAY[%L])', i)), m, 'refused: ' || m)
FROM (VALUES (:'e' || '_' || :'s', format('MO404: no such dead letter / id = %s_%s', :'e', :'s')), ('x', 'MO404: no such dead letter / id = ''x''')) AS bad(i, m);
SELECT is(pg_temp.error_of($$SELECT moai.redrive_dead_letters(ids => '{a,b,c}', max_count => 2)$$), 'MO422: ids has 3 items, max_count allows 2 / max_count = 2', 'more ids than max_count are refused, not cut');
SELECT is(pg_temp.error_of(format('SELECT moai.redrive_dead_letters(max_count => %s)', n)), format('MO422: max_count is outside of 1 to 10000 / max_count = %s', n), 'max_count is checked')
FROM unnest(ARRAY['0', '10001', 'null']) AS n;

SELECT * FROM finish();
ROLLBACK;
