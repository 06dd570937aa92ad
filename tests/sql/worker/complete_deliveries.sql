BEGIN;
\ir ../helpers.psql
SELECT plan(8);

SELECT pg_temp.subscribe('complete_deliveries') \g /dev/null
SELECT pg_temp.publish('complete_deliveries') AS e \gset
SELECT pg_temp.claim_one()::text AS c \gset
SELECT results_eq(format($$SELECT delivered, retried, dead_lettered, released, orphaned FROM moai.complete_deliveries('tester', json_build_array(pg_temp.result(%L::claimed, 'failed', 500)))$$, :'c'),
    $$VALUES (0, 1, 0, 0, 0)$$, 'results are counted by their effect');
SELECT ok(d.due_at BETWEEN clock_timestamp() + interval '4 s' AND clock_timestamp() + interval '5 s', 'the retry is counted from now') FROM moai_private.delivery AS d WHERE d.event_id = :'e';
SELECT is(worker, 'tester', 'the worker is named in the log') FROM moai_private.attempt WHERE event_id = :'e';
SELECT matches(pg_temp.error_of($$SELECT moai.complete_deliveries('tester', '[1]')$$), '^22', 'results that are no objects are refused');
SELECT is(pg_temp.error_of($$SELECT moai.complete_deliveries('tester', '{}')$$), 'MO422: results is not an array / results is object', 'so is what is no array');
SELECT is(pg_temp.error_of($$SELECT moai.complete_deliveries(NULL, '[]')$$), 'MO422: worker is missing', 'and a worker without a name');
SELECT is((SELECT next_due_in_us FROM moai.complete_deliveries('tester', '[]', since_us => 4102444800000000)), NULL, 'since_us is a time like claimed_at_us: the next due time is looked for after it');
SELECT is_definer('moai', 'complete_deliveries', 'it runs as the owner');

SELECT * FROM finish();
ROLLBACK;
