-- Claims by a worker that has no room for some endpoints: moai_private.claim with "saturated".
BEGIN;
\ir ../helpers.psql
SELECT plan(24);

-- At the front of the queue.
SELECT pg_temp.subscribe('past/full') AS full, pg_temp.subscribe('past/other') AS other \gset
CREATE TEMP TABLE e AS SELECT n, pg_temp.publish('past/full', due => make_interval(secs => n)) AS id FROM generate_series(1, 5) AS n;
SELECT pg_temp.publish('past/other', due => '6 s') AS behind \gset
CREATE TEMP TABLE c AS SELECT * FROM moai_private.claim(1, pg_temp.at('10 s'), true, ARRAY[:'full']::uuid[]);
SELECT results_eq('SELECT event_id, subscription_id, attempt_no, url, max_in_flight, parked FROM c', format($$VALUES (%L::uuid, %L::uuid, 1, 'https://receiver.test/%2$s', NULL::integer, 5)$$, :'behind', :'other'),
    'the delivery of another endpoint is found behind those of a saturated one, which are parked and counted');
SELECT is((SELECT count(*) FROM e WHERE pg_temp.queued(e.id) ~ '^due (3[0-9]{2}|[45][0-9]{2}|60[0-9]|610)\.[0-9]+, free, attempt 0, tries 3, lapses 0, parked$'), 5::bigint,
    'for five to ten minutes, without a lease and without spending a try');
SELECT cmp_ok((SELECT count(DISTINCT due_at) FROM moai_private.delivery WHERE subscription_id = :'full'), '>=', 4::bigint, 'apart from each other');
SELECT is((SELECT DISTINCT state::text FROM moai.delivery WHERE subscription_id = :'full'), 'parked', 'and show as parked');
SELECT is(next_due_in_us, 28000000::bigint, 'the next due time is that of the lease') FROM c;
SELECT is(overdue_us, 9000000::bigint, 'overdue since the oldest of all that it moved was due') FROM c;
SELECT results_eq($$SELECT event_id, parked, next_due_in_us FROM moai_private.claim(1, pg_temp.at('10 s'))$$, 'VALUES (NULL::uuid, 0, 28000000::bigint)', 'no claim meets them again');
DELETE FROM moai_private.delivery WHERE event_id = :'behind';
SELECT set_eq($$SELECT event_id FROM moai_private.claim(100, pg_temp.at('10 min 10 s'))$$, 'SELECT id FROM e', 'when the parking lapses anybody claims them');
SELECT is((SELECT string_agg(DISTINCT pg_temp.queued(id), ';') FROM e), 'due 638.000, leased, attempt 0, tries 3, lapses 0', 'as if they had never been parked: a lapse of the parking is no crash');
SELECT results_eq(format($$SELECT event_id, parked FROM moai_private.claim(1, pg_temp.at('638 s'), true, ARRAY[%L]::uuid[])$$, :'full'), 'VALUES (NULL::uuid, 5)', 'with no others there is one row, that tells how many were parked');
SELECT is((SELECT string_agg(DISTINCT regexp_replace(pg_temp.queued(id), '^due [0-9.]+', ''), ';') FROM e), ', free, attempt 0, tries 3, lapses 1, parked', 'a lease that lapsed before counts');
DELETE FROM moai_private.delivery WHERE subscription_id = :'full';

-- A front that is all the saturated one's: the others are found at the end.
INSERT INTO moai_private.delivery (event_id, subscription_id, due_at, tries_left)
SELECT moai_private.uuid_v7(pg_temp.at()), :'full', pg_temp.at('-1 h') + make_interval(secs => n), 3 FROM generate_series(1, 2000) AS n;
SELECT pg_temp.publish('past/other', due => '1 s') AS newest, pg_temp.publish('past/other', due => '0 s') AS newer \gset
CREATE TEMP TABLE c2 AS SELECT * FROM moai_private.claim(2, pg_temp.at('1 s'), true, ARRAY[:'full']::uuid[]);
SELECT set_eq('SELECT event_id FROM c2', ARRAY[:'newest', :'newer']::uuid[], 'behind 2000 of the saturated one the others are found at the end');
SELECT is((SELECT max(parked) FROM c2), 20, 'while few of them are moved at once: fresh ones of others wait for it');
SELECT is((SELECT next_due_in_us < 0 FROM c2 LIMIT 1), true, 'the next due time tells that more are there');
SELECT is((SELECT count(*) FROM generate_series(1, 100) AS n CROSS JOIN LATERAL moai_private.claim(2, pg_temp.at('1 s') + n * interval '0', true, ARRAY[:'full']::uuid[]) AS g WHERE g.event_id IS NOT NULL), 0::bigint, 'the next claims move the rest');
SELECT is((SELECT count(*) FROM moai_private.delivery WHERE subscription_id = :'full' AND parked), 2000::bigint, 'all of it');
DELETE FROM moai_private.delivery WHERE subscription_id IN (:'full', :'other');

-- Others among the oldest: they are late, and more of them are behind.
INSERT INTO moai_private.delivery (event_id, subscription_id, due_at, tries_left)
SELECT moai_private.uuid_v7(pg_temp.at()), :'full', pg_temp.at('-1 h') + make_interval(secs => n), 3 FROM generate_series(1, 500) AS n;
SELECT pg_temp.publish('past/other', due => '-59 min') AS among \gset
SELECT results_eq(format($$SELECT event_id, parked FROM moai_private.claim(2, pg_temp.at(), true, ARRAY[%L]::uuid[])$$, :'full'), format($$VALUES (%L::uuid, 149)$$, :'among'),
    'with others among the oldest many are moved at once');
DELETE FROM moai_private.delivery WHERE subscription_id IN (:'full', :'other');

-- Oldest first, no more than asked for, whatever is saturated.
CREATE TEMP TABLE five AS SELECT n, pg_temp.publish('past/other', due => make_interval(secs => -n)) AS id FROM generate_series(1, 5) AS n;
SELECT set_eq(format($$SELECT f.n FROM moai_private.claim(2, pg_temp.at(), true, ARRAY[%L]::uuid[]) JOIN five AS f ON f.id = event_id$$, :'full'), '{5,4}'::int[], 'the others are claimed oldest first, no more than asked for');

-- What must not be sent for another reason.
CREATE TEMP TABLE stopped AS
SELECT state, pg_temp.subscribe('past/' || state) AS s, pg_temp.publish('past/' || state, due => '-3 h') AS e FROM unnest('{paused,deleted}'::moai.subscription_state[]) AS state;
UPDATE moai_private.subscription AS s SET state = x.state, held = true FROM stopped AS x WHERE s.id = x.s;
SELECT is((SELECT event_id FROM moai_private.claim(10, pg_temp.at('-3 h'), true, ARRAY(SELECT s FROM stopped))), NULL, 'of paused and deleted ones nothing is claimed');
SELECT is(pg_temp.queued(e), CASE state WHEN 'paused' THEN 'due never, free, attempt 0, tries 3, lapses 0, parked' END, state || ' goes its own way, though saturated') FROM stopped;
SELECT pg_temp.publish('past/full', due => '-4 h') AS crash \gset
UPDATE moai_private.delivery SET lapses = 4, lease_token = 1 WHERE event_id = :'crash';
SELECT is((SELECT event_id FROM moai_private.claim(10, pg_temp.at('-4 h'), true, ARRAY[:'other']::uuid[])), NULL, 'a fifth lapse is not handed out');
SELECT is((SELECT reason FROM moai_private.dead_letter WHERE event_id = :'crash'), 'crash_loop', 'it is a dead letter here too');
SELECT is((SELECT count(*) FROM moai_private.claim(10, pg_temp.at('-10 years'), true, ARRAY[:'full']::uuid[]) WHERE event_id IS NULL), 1::bigint, 'with nothing due there is one row');

SELECT * FROM finish();
ROLLBACK;
