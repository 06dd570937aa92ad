BEGIN;
\ir ../helpers.psql
SELECT plan(43);

-- One delivery, from claim to claim.
SELECT pg_temp.subscribe('claim') AS s \gset
SELECT pg_temp.publish('claim', 'user.created', '{"b": 1.0 , "a": "\u00e9"}', due => '1 s') AS e \gset
SELECT results_eq($$SELECT event_id, lease_token, claimed_at_us, next_due_in_us FROM moai_private.claim(10, pg_temp.at('999 ms'))$$,
    $$VALUES (NULL::uuid, NULL::bigint, 946684800999000, 1000::bigint)$$, 'with nothing due there is one row, without event, that tells when something is');
SELECT is(pg_temp.queued(:'e'), 'due 1.000, free, attempt 0, tries 3, lapses 0', 'and nothing is leased');
CREATE TEMP TABLE c AS SELECT * FROM moai_private.claim(10, pg_temp.at('1 s'));
SELECT results_eq('SELECT event_id, subscription_id, attempt_no, event_type, tenant, payload, url, format, secret, timeout_ms, lease_ms, claimed_at_us, next_due_in_us FROM c',
    format($$VALUES (%1$L::uuid, %2$L::uuid, 1, 'user.created', 'claim', '{"b": 1.0 , "a": "\u00e9"}', 'https://receiver.test/%2$s', 'standard', 'whsec_c2VjcmV0', 15000, 28000, 946684801000000, 28000000::bigint)$$, :'e', :'s'),
    'a due delivery comes with all that its request needs, its lease counted in the next due time');
SELECT is(c.published_at, to_char(e.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'the time of publishing is in UTC, to the microsecond')
FROM c JOIN moai_private.event AS e ON e.id = c.event_id;
SELECT is(pg_temp.queued(:'e'), 'due 29.000, leased, attempt 0, tries 3, lapses 0', 'its due time is the end of the lease');
SELECT is(d.lease_token, c.lease_token, 'the row bears the token that was handed out') FROM c JOIN moai_private.delivery AS d USING (event_id, subscription_id);
SELECT is((SELECT event_id FROM moai_private.claim(10, pg_temp.at('28.999999 s'))), NULL, 'a leased delivery is not claimed again');
CREATE TEMP TABLE c2 AS SELECT * FROM moai_private.claim(10, pg_temp.at('29 s'));
SELECT is(event_id, :'e'::uuid, 'when its lease ends it is') FROM c2;
SELECT isnt(c2.lease_token, c.lease_token, 'the token moves on') FROM c, c2;
SELECT is(attempt_no, 1, 'the attempt that nobody told of has its number still') FROM c2;
SELECT is(pg_temp.queued(:'e'), 'due 57.000, leased, attempt 0, tries 3, lapses 1', 'the lapse is counted, and no try spent');

-- Order and limit.
SELECT pg_temp.subscribe('claim/order') AS s2 \gset
CREATE TEMP TABLE five AS SELECT n, pg_temp.publish('claim/order', due => make_interval(secs => -n)) AS id FROM generate_series(1, 5) AS n;
SELECT set_eq($$SELECT f.n FROM moai_private.claim(2, pg_temp.at()) JOIN five AS f ON f.id = event_id$$, '{5,4}'::int[], 'the oldest are claimed first, no more than asked for');
CREATE TEMP TABLE rest AS SELECT f.n, g.* FROM moai_private.claim(100, pg_temp.at()) AS g JOIN five AS f ON f.id = g.event_id;
SELECT set_eq('SELECT n FROM rest', '{1,2,3}'::int[], 'the next claim takes the others');
SELECT is(count(DISTINCT lease_token), 1::bigint, 'a claim has one token') FROM rest;
SELECT isnt((SELECT min(lease_token) FROM moai_private.delivery JOIN five AS f ON f.id = event_id AND f.n > 3), (SELECT min(lease_token) FROM rest), 'another claim has another');

-- The session's settings.
SELECT pg_temp.publish('claim/order', due => '-1 h') AS tz \gset
SET LOCAL TimeZone = 'Asia/Kathmandu'; SET LOCAL DateStyle = 'SQL, DMY'; SET LOCAL IntervalStyle = 'postgres_verbose'; SET LOCAL lc_time = 'C'; SET LOCAL extra_float_digits = -15;
SELECT matches((SELECT published_at FROM moai_private.claim(1, pg_temp.at('-1 h'))), '^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$', 'times are written alike in every session');
RESET TimeZone; RESET DateStyle; RESET IntervalStyle; RESET extra_float_digits;

-- From a time on.
SELECT pg_temp.subscribe('claim/since') \g /dev/null
SELECT pg_temp.publish('claim/since', due => '-8 h') AS early, pg_temp.publish('claim/since', due => '-7 h') AS late \gset
SELECT results_eq($$SELECT event_id, next_due_in_us FROM moai_private.claim(10, pg_temp.at('-8 h'), since => pg_temp.at('-8 h'))$$,
    $$VALUES (NULL::uuid, 3600000000::bigint)$$, 'what was due at that time or before is not looked at, nor for the next due time');
SELECT results_eq($$SELECT event_id, next_due_in_us FROM moai_private.claim(10, pg_temp.at('-8 h'), since => pg_temp.at('-8 h'), look_ahead => false)$$,
    $$VALUES (NULL::uuid, NULL::bigint)$$, 'who does not ask for the next due time is not told');
SELECT results_eq($$SELECT event_id FROM moai_private.claim(10, pg_temp.at('-7 h'), since => pg_temp.at('-8 h'))$$, ARRAY[:'late'::uuid], 'what became due later is claimed');
SELECT results_eq($$SELECT event_id FROM moai_private.claim(10, pg_temp.at('-7 h'), since => pg_temp.at('-8 h') - interval '1 us')$$, ARRAY[:'early'::uuid], 'to the microsecond');
UPDATE moai_private.delivery SET due_at = pg_temp.at('-8 h') WHERE event_id = :'early';
SELECT is((SELECT event_id FROM moai_private.claim(10, pg_temp.at('-7 h'), false, ARRAY[gen_random_uuid()], since => pg_temp.at('-8 h'))), NULL, 'nor past saturated endpoints is it looked at');
SELECT is((SELECT event_id FROM moai_private.claim(10, pg_temp.at('-7 h'), false, ARRAY[gen_random_uuid()])), :'early'::uuid, 'a claim of everything takes it');
DELETE FROM moai_private.delivery WHERE event_id IN (:'early', :'late');

-- Crash loop.
SELECT pg_temp.subscribe('claim/crash') AS s3 \gset
SELECT pg_temp.publish('claim/crash', due => '-2 h') AS crash \gset
CREATE TEMP TABLE lives AS SELECT n, g.event_id, g.attempt_no FROM generate_series(0, 4) AS n CROSS JOIN LATERAL moai_private.claim(1, pg_temp.at('-2 h') + n * interval '28 s') AS g;
SELECT results_eq('SELECT DISTINCT event_id, attempt_no FROM lives', format('VALUES (%L::uuid, 1)', :'crash'), 'a delivery whose claimers die is handed out five times');
SELECT is((SELECT event_id FROM moai_private.claim(1, pg_temp.at('-2 h') + 5 * interval '28 s')), NULL, 'and not a sixth time');
SELECT is(pg_temp.queued(:'crash'), NULL, 'it leaves the queue');
SELECT results_eq(format('SELECT reason, attempt_no, dead_at FROM moai_private.dead_letter WHERE event_id = %L', :'crash'),
    $$VALUES ('crash_loop', 0, pg_temp.at('-2 h') + 5 * interval '28 s')$$, 'it is a dead letter: crash_loop');
SELECT results_eq(format('SELECT state::text, reason FROM moai_private.outcome WHERE event_id = %L', :'crash'), $$VALUES ('dead', 'crash_loop')$$, 'whose terminal fact is an outcome');
SELECT pg_temp.publish('claim/crash', due => '-2 h') AS lucky \gset
SELECT count(*) FROM generate_series(0, 3) AS n CROSS JOIN LATERAL moai_private.claim(1, pg_temp.at('-2 h') + n * interval '28 s') \g /dev/null
SELECT pg_temp.complete(json_build_array(pg_temp.result(pg_temp.claim_one(pg_temp.at('-2 h') + 4 * interval '28 s'), 'released')), pg_temp.at('-2 h') + 4 * interval '28 s') \g /dev/null
SELECT is(pg_temp.queued(:'lucky'), 'due -7088.000, free, attempt 0, tries 3, lapses 0', 'a claimer that tells forgives the lapses');
SELECT is((SELECT event_id FROM moai_private.claim(1, pg_temp.at('-7088 s'))), :'lucky'::uuid, 'so that it is handed out again');
DELETE FROM moai_private.delivery WHERE event_id = :'lucky';

-- Paused, disabled, deleted.
CREATE TEMP TABLE stopped AS
SELECT state, pg_temp.subscribe('claim/' || state) AS s, pg_temp.publish('claim/' || state, due => '-3 h') AS e FROM unnest('{active,paused,disabled,deleted}'::moai.subscription_state[]) AS state;
UPDATE moai_private.subscription AS s SET state = x.state, held = x.state <> 'active' FROM stopped AS x WHERE s.id = x.s;
SELECT results_eq($$SELECT x.state FROM moai_private.claim(100, pg_temp.at('-3 h')) AS g JOIN stopped AS x ON x.e = g.event_id$$, $$VALUES ('active'::moai.subscription_state)$$, 'only active subscriptions are delivered to');
SELECT is(pg_temp.queued(e), 'due never, free, attempt 0, tries 3, lapses 0, parked', state || ' parks the delivery, and spends no try') FROM stopped WHERE state IN ('paused', 'disabled');
SELECT is(pg_temp.queued(e), NULL, 'deleted takes it out of the queue') FROM stopped WHERE state = 'deleted';
SELECT results_eq($$SELECT o.state::text, o.reason, o.attempt_no FROM moai_private.outcome AS o JOIN stopped AS x ON x.e = o.event_id$$,
    $$VALUES ('cancelled', 'subscription_deleted', 0)$$, 'with the terminal fact that it was cancelled');
SELECT is_empty($$SELECT FROM moai_private.dead_letter AS l JOIN stopped AS x ON x.e = l.event_id$$, 'and no dead letter');
UPDATE moai_private.delivery SET due_at = pg_temp.at('-3 h') FROM stopped AS x WHERE event_id = x.e AND x.state = 'paused';
UPDATE moai_private.subscription SET state = 'active', held = false WHERE id = (SELECT s FROM stopped WHERE state = 'paused');
SELECT is((SELECT event_id FROM moai_private.claim(1, pg_temp.at('-3 h'))), (SELECT e FROM stopped WHERE state = 'paused'), 'a parked delivery that comes back finds its subscription resumed, and is claimed');
SELECT is(pg_temp.queued(e), 'due -10772.000, leased, attempt 0, tries 3, lapses 0', 'unparked') FROM stopped WHERE state = 'paused';

-- Only parked work.
SELECT pg_temp.subscribe('claim/lapsed-paused') AS lp \gset
SELECT pg_temp.publish('claim/lapsed-paused', due => '-4 h') AS lpe \gset
SELECT pg_temp.claim_one(pg_temp.at('-4 h')) \g /dev/null
UPDATE moai_private.subscription SET state = 'paused', held = true WHERE id = :'lp';
SELECT is((SELECT event_id FROM moai_private.claim(1, pg_temp.at('-4 h') + interval '28 s')), NULL, 'a lease that lapses while the subscription is paused is not handed out');
SELECT is(pg_temp.queued(:'lpe'), 'due never, free, attempt 0, tries 3, lapses 0, parked', 'but parked');

-- Current settings.
SELECT pg_temp.subscribe('claim/changed') AS ch \gset
SELECT pg_temp.publish('claim/changed', due => '-5 h') \g /dev/null
UPDATE moai_private.subscription SET url = 'https://new.test/', secret = 'whsec_bmV3', timeout = '60 s', format = 'raw' WHERE id = :'ch';
SELECT results_eq($$SELECT url, secret, timeout_ms, lease_ms, format FROM moai_private.claim(1, pg_temp.at('-5 h'))$$,
    $$VALUES ('https://new.test/', 'whsec_bmV3', 60000, 73000, 'raw')$$, 'a claim hands out what the subscription says now');

-- Tenants.
SELECT pg_temp.subscribe(t) FROM unnest('{claim/t1,claim/t2}'::text[]) AS t \g /dev/null
SELECT pg_temp.publish(t, due => '-6 h') FROM unnest('{claim/t1,claim/t2}'::text[]) AS t \g /dev/null
SELECT set_eq($$SELECT tenant FROM moai_private.claim(10, pg_temp.at('-6 h'))$$, '{claim/t1,claim/t2}'::text[], 'a claim takes the deliveries of every tenant');
SELECT is(pg_temp.error_of('SELECT moai_private.claim(0, pg_temp.at())'), 'no error', 'a claim of none claims none');
SELECT is(pg_temp.error_of('SELECT moai_private.claim(10, pg_temp.at(''-10 years''))'), 'no error', 'a claim far in the past claims none');

SELECT * FROM finish();
ROLLBACK;
