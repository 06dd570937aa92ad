-- What has been parked and comes back because there is room: moai_private.claim with "parked_of".
BEGIN;
\ir ../helpers.psql
SELECT plan(12);

CREATE FUNCTION pg_temp.unpark(ids uuid[], counts integer[], after interval DEFAULT '1 min')
    RETURNS TABLE (event_id uuid, subscription_id uuid, attempt_no integer, lease_ms integer, parked integer) LANGUAGE sql
BEGIN ATOMIC
    SELECT c.event_id, c.subscription_id, c.attempt_no, c.lease_ms, c.parked FROM moai_private.claim(0, pg_temp.at(after), true, '{}', ids, counts) AS c;
END;

SELECT pg_temp.subscribe('unpark/a') AS a, pg_temp.subscribe('unpark/b') AS b, pg_temp.subscribe('unpark/paused') AS p \gset
CREATE TEMP TABLE e AS SELECT t, n, pg_temp.publish('unpark/' || t, due => make_interval(secs => -n), published => clock_timestamp() + n * interval '1 s') AS id
FROM unnest('{a,b,paused}'::text[]) AS t, generate_series(1, 4) AS n;
UPDATE moai_private.delivery SET attempt_no = 2, tries_left = 1 WHERE subscription_id = :'a';
SELECT count(*) FROM moai_private.claim(1, pg_temp.at(), true, ARRAY[:'a', :'b', :'p']::uuid[]) \g /dev/null
UPDATE moai_private.subscription SET state = 'paused', held = true WHERE id = :'p';

SELECT results_eq(format($$SELECT x.t, x.n, u.attempt_no, u.lease_ms, u.parked FROM pg_temp.unpark(ARRAY[%L, %L]::uuid[], '{2,1}') AS u JOIN e AS x ON x.id = u.event_id ORDER BY 1, 2$$, :'a', :'b'),
    $$VALUES ('a', 1, 3, 28000, 0), ('a', 2, 3, 28000, 0), ('b', 1, 1, 28000, 0)$$, 'of each as many as asked for, the oldest events first, whenever their parking lapses');
SELECT is(pg_temp.queued(id), 'due 88.000, leased, attempt 2, tries 1, lapses 0', 'they are leased, no number and no try spent') FROM e WHERE t = 'a' AND n = 1;
SELECT is((SELECT count(*) FROM e WHERE t = 'a' AND pg_temp.queued(id) LIKE '%parked'), 2::bigint, 'the others stay parked');
SELECT results_eq(format($$SELECT x.n FROM pg_temp.unpark(ARRAY[%L]::uuid[], '{10}') AS u JOIN e AS x ON x.id = u.event_id ORDER BY 1$$, :'a'), 'VALUES (3), (4)', 'fewer than asked for are all there are');
SELECT is((SELECT event_id FROM pg_temp.unpark(ARRAY[:'a']::uuid[], '{10}')), NULL, 'then there are none, which is one row without event');
SELECT is((SELECT event_id FROM pg_temp.unpark(ARRAY[:'p']::uuid[], '{10}')), NULL, 'a paused subscription keeps its own');
SELECT is((SELECT event_id FROM pg_temp.unpark(ARRAY[gen_random_uuid()], '{10}')), NULL, 'an unknown one has none');
SELECT is((SELECT event_id FROM pg_temp.unpark(ARRAY[:'b']::uuid[], '{0}')), NULL, 'none asked for, none leased');

-- Everybody who knows of parked rows finds these in his way.
UPDATE moai_private.subscription SET state = 'active', held = false WHERE id = :'p';
SELECT is(moai_private.resume_subscription(:'b', pg_temp.at('2 min')), 3, 'resuming releases them');
SELECT is((SELECT count(*) FROM e WHERE t = 'b' AND pg_temp.queued(id) LIKE '%parked'), 0::bigint, 'whatever they were parked for');
SELECT moai_private.retry_delivery((SELECT id::text FROM e WHERE t = 'paused' AND n = 1) || '_' || :'p', pg_temp.at('3 min')) \g /dev/null
SELECT is(pg_temp.queued(id), 'due 180.000, free, attempt 0, tries 3, lapses 0', 'a retry by hand makes one due') FROM e WHERE t = 'paused' AND n = 1;
SELECT is(moai_private.delete_subscription(:'p', pg_temp.at('4 min')), 4, 'deleting the subscription cancels them');

SELECT * FROM finish();
ROLLBACK;
