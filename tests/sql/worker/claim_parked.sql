BEGIN;
\ir ../helpers.psql
SELECT plan(11);

SELECT pg_temp.subscribe('claim_parked') AS s \gset
SELECT pg_temp.publish('claim_parked') AS e \gset
UPDATE moai_private.delivery SET parked = true, due_at = 'infinity' WHERE event_id = :'e';
SELECT clock_timestamp() AS before \gset
SELECT is((SELECT event_id FROM moai.claim_parked('tester', ARRAY[:'s']::uuid[], '{1}')), :'e'::uuid, 'what is parked is leased');
SELECT ok(d.due_at BETWEEN :'before'::timestamptz + interval '28 s' AND clock_timestamp() + interval '28 s', 'its lease is counted from now') FROM moai_private.delivery AS d WHERE d.event_id = :'e';
SELECT is(pg_temp.error_of(format('SELECT moai.claim_parked(%L, %s, %s)', 'w', ids, counts)), 'MO422: ' || m, 'refused: ' || m)
FROM (VALUES
    ('''{}''', '''{}''', 'subscription_ids and counts are not of one length, at least 1 / subscription_ids has 0, counts has 0'),
    ('NULL', 'NULL', 'subscription_ids and counts are not of one length, at least 1 / subscription_ids has 0, counts has 0'),
    ('ARRAY[gen_random_uuid()]', '''{1,2}''', 'subscription_ids and counts are not of one length, at least 1 / subscription_ids has 1, counts has 2'),
    ('ARRAY[gen_random_uuid()]', '''{0}''', 'counts are not each at least 1 and 10000 in all / counts = {0}'),
    ('ARRAY[gen_random_uuid()]', '''{NULL}''', 'counts are not each at least 1 and 10000 in all / counts = {NULL}'),
    ('ARRAY[gen_random_uuid()]', '''{10001}''', 'counts are not each at least 1 and 10000 in all / counts = {10001}'),
    ('ARRAY[gen_random_uuid(), gen_random_uuid()]', '''{9999,2}''', 'counts are not each at least 1 and 10000 in all / counts = {9999,2}')
) AS bad(ids, counts, m);
SELECT is((SELECT next_due_in_us FROM moai.claim_parked('tester', ARRAY[gen_random_uuid()], '{1}', since_us => 4102444800000000)), NULL, 'since_us is a time like claimed_at_us: the next due time is looked for after it');
SELECT is_definer('moai', 'claim_parked', 'it runs as the owner');

SELECT * FROM finish();
ROLLBACK;
