BEGIN;
\ir ../helpers.psql
SELECT plan(60);
CREATE FUNCTION pg_temp.told(event_id uuid) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(format('%s:%s%s%s%s%s', a.attempt_no, coalesce(a.terminal_state::text, '-'), coalesce(' ' || a.http_status, ''), coalesce(' ' || a.error_class, ''),
        coalesce(' next ' || extract(epoch FROM a.next_due_at - pg_temp.at())::numeric(12,3), ''), CASE WHEN a.is_orphan THEN ' orphan' ELSE '' END), '; ' ORDER BY a.recorded_at, a.attempt_no)
        FROM moai_private.attempt AS a WHERE a.event_id = told.event_id);

-- Delivered.
SELECT pg_temp.subscribe('complete') AS s \gset
SELECT pg_temp.publish('complete') AS e \gset
CREATE TEMP TABLE c AS SELECT * FROM pg_temp.claim_one();
SELECT (ROW(c.*)::claimed)::text AS c FROM c \gset
SELECT is(pg_temp.complete(json_build_array(json_build_object('event_id', event_id, 'subscription_id', subscription_id, 'lease_token', lease_token, 'attempt_no', attempt_no, 'outcome', 'delivered',
    'started_at_us', claimed_at_us + 1500, 'http_status', 204, 'remote_address', '192.0.2.1:443', 'response_body', 'AP8=', 'response_bytes', 70000000000,
    'dns_us', 1, 'connect_us', 2, 'tls_us', 3, 'first_byte_us', 4, 'total_us', 5,
    'url', 'https://a.example/', 'signed_with', '0a1b2c3d', 'response_headers', E'a: 1\nb: 2')), pg_temp.at('1 s')), '1 delivered, 0 retried, 0 dead, 0 released, 0 orphaned', 'a delivered one is counted') FROM c;
SELECT is(pg_temp.queued(:'e'), NULL, 'it leaves the queue');
SELECT results_eq(format($$SELECT lease_token, started_at, recorded_at, attempt_no, http_status, terminal_state::text, is_orphan, error_class, next_due_at, worker, remote_address, dns_us, connect_us, tls_us, first_byte_us, total_us, response_bytes, response_body, url, signed_with, response_headers FROM moai_private.attempt WHERE event_id = %L$$, :'e'),
    $$SELECT c.lease_token, pg_temp.at('1.5 ms'), pg_temp.at('1 s'), 1, 204, 'delivered', false, NULL, NULL::timestamptz, 'tester', '192.0.2.1:443', 1, 2, 3, 4, 5, 70000000000, '\x00ff'::bytea, 'https://a.example/', '0a1b2c3d', E'a: 1\nb: 2' FROM c$$,
    'its attempt is logged whole, and is the terminal fact');
SELECT is(pg_temp.complete(json_build_array(pg_temp.result(:'c'::claimed, 'delivered', 204)), pg_temp.at('2 s')), '0 delivered, 0 retried, 0 dead, 0 released, 0 orphaned', 'repeating the batch changes nothing');
SELECT is(pg_temp.complete(json_build_array(pg_temp.result(:'c'::claimed, 'failed', 500)), pg_temp.at('2 s')), '0 delivered, 0 retried, 0 dead, 0 released, 0 orphaned', 'not even with another result');
SELECT is(pg_temp.told(:'e'), '1:delivered 204', 'and logs nothing');

-- Parked.
SELECT pg_temp.publish('complete') AS p \gset
SELECT pg_temp.claim_one()::text AS c \gset
UPDATE moai_private.delivery SET lapses = 3 WHERE event_id = :'p';
SELECT is(pg_temp.complete(json_build_array(pg_temp.result(:'c'::claimed, 'parked')), pg_temp.at('1 s')), '0 delivered, 0 retried, 0 dead, 0 released, 0 orphaned', 'a parked one is none of these');
SELECT matches(pg_temp.queued(:'p'), '^due (30[1-9]|3[1-9][0-9]|[45][0-9]{2}|60[01])\.\d+, free, attempt 0, tries 3, lapses 0, parked$', 'it is out of the way, and no try is spent');
SELECT is(pg_temp.told(:'p'), NULL, 'and no attempt is logged');
SELECT pg_temp.complete(json_build_array(pg_temp.result(:'c'::claimed, 'failed', 500)), pg_temp.at('1 s')) \g /dev/null
SELECT matches(pg_temp.queued(:'p'), 'parked$', 'a result of the lease that is over leaves it there');
DELETE FROM moai_private.delivery WHERE event_id = :'p';

-- Retried by policy, then dead.
SELECT pg_temp.publish('complete') AS f \gset
SELECT pg_temp.claim_one()::text AS c \gset
SELECT is(pg_temp.complete(json_build_array(pg_temp.result(:'c'::claimed, 'failed', 500, 'http_status', 'no')), pg_temp.at('2 s')), '0 delivered, 1 retried, 0 dead, 0 released, 0 orphaned', 'a failed one is retried');
SELECT is(pg_temp.queued(:'f'), 'due 7.000, free, attempt 1, tries 2, lapses 0', 'at exactly retry_base after its result');
SELECT is(pg_temp.complete(json_build_array(pg_temp.result(:'c'::claimed, 'delivered', 200)), pg_temp.at('3 s')), '0 delivered, 0 retried, 0 dead, 0 released, 0 orphaned', 'a result repeated after a failure changes nothing');
SELECT is((SELECT event_id FROM moai_private.claim(1, pg_temp.at('6.999 s'))), NULL, 'it is not claimed before');
SELECT pg_temp.claim_one(pg_temp.at('7 s'))::text AS c \gset
SELECT is((:'c'::claimed).attempt_no, 2, 'the next attempt has the next number');
SELECT pg_temp.complete(json_build_array(pg_temp.result(:'c'::claimed, 'failed', NULL, 'connect')), pg_temp.at('8 s')) \g /dev/null
SELECT is(pg_temp.queued(:'f'), 'due 33.000, free, attempt 2, tries 1, lapses 0', 'the second retry waits retry_factor times as long');
SELECT pg_temp.claim_one(pg_temp.at('33 s'))::text AS c \gset
SELECT is(pg_temp.complete(json_build_array(pg_temp.result(:'c'::claimed, 'failed', 503, 'http_status', 'gone')), pg_temp.at('34 s')), '0 delivered, 0 retried, 1 dead, 0 released, 0 orphaned', 'the last try''s failure is the end');
SELECT is(pg_temp.queued(:'f'), NULL, 'it leaves the queue');
SELECT is(pg_temp.told(:'f'), '1:- 500 http_status next 7.000; 2:- connect next 33.000; 3:dead 503 http_status', 'the attempts are numbered without a gap, and the last one is the terminal fact');
SELECT results_eq(format('SELECT dead_at, attempt_no, reason, http_status, error_class, error_detail FROM moai_private.dead_letter WHERE event_id = %L', :'f'),
    $$VALUES (pg_temp.at('34 s'), 3, 'exhausted', 503, 'http_status', 'gone')$$, 'it is a dead letter, with the error that ended it');
SELECT is_empty(format('SELECT FROM moai_private.outcome WHERE event_id = %L', :'f'), 'and has no other terminal fact');
SELECT is(pg_temp.complete(json_build_array(pg_temp.result(:'c'::claimed, 'failed', 503)), pg_temp.at('35 s')), '0 delivered, 0 retried, 0 dead, 0 released, 0 orphaned', 'repeating the end changes nothing');

-- Released.
SELECT pg_temp.publish('complete') AS r \gset
SELECT pg_temp.claim_one()::text AS c \gset
SELECT is(pg_temp.complete(json_build_array(pg_temp.result(:'c'::claimed, 'released')), pg_temp.at('2 s')), '0 delivered, 0 retried, 0 dead, 1 released, 0 orphaned', 'a released one is counted');
SELECT is(pg_temp.queued(:'r'), 'due 2.000, free, attempt 0, tries 3, lapses 0', 'it is due at once, with its try given back');
SELECT is(pg_temp.told(:'r'), NULL, 'and was no attempt');
SELECT is(pg_temp.complete(json_build_array(pg_temp.result(:'c'::claimed, 'released')), pg_temp.at('3 s')), '0 delivered, 0 retried, 0 dead, 0 released, 0 orphaned', 'releasing it again does nothing');
SELECT is(pg_temp.complete(json_build_array((pg_temp.result(:'c'::claimed, 'released')::jsonb - 'started_at_us')::json), pg_temp.at('3 s')), '0 delivered, 0 retried, 0 dead, 0 released, 0 orphaned', 'what was not started needs no start, of a lost lease either');
SELECT is(pg_temp.queued(:'r'), 'due 2.000, free, attempt 0, tries 3, lapses 0', 'the row stays as it was');

-- The token moves on.
SELECT pg_temp.claim_one(pg_temp.at('2 s'))::text AS old \gset
SELECT pg_temp.claim_one(pg_temp.at('30 s'))::text AS new \gset
SELECT isnt((:'old'::claimed).lease_token, (:'new'::claimed).lease_token, 'a lapsed lease is claimed with another token');
SELECT is(pg_temp.complete(json_build_array(pg_temp.result(:'old'::claimed, 'delivered', 200)), pg_temp.at('31 s')), '0 delivered, 0 retried, 0 dead, 0 released, 1 orphaned', 'the result of a lost lease is an orphan');
SELECT is(pg_temp.queued(:'r'), 'due 58.000, leased, attempt 0, tries 3, lapses 1', 'it changes no state');
SELECT is(pg_temp.told(:'r'), '1:- 200 orphan', 'and is logged as such');
SELECT is(pg_temp.complete(json_build_array(pg_temp.result(:'old'::claimed, 'delivered', 200)), pg_temp.at('32 s')), '0 delivered, 0 retried, 0 dead, 0 released, 0 orphaned', 'once');
SELECT is(pg_temp.complete(json_build_array(pg_temp.result(:'new'::claimed, 'delivered', 200)), pg_temp.at('33 s')), '1 delivered, 0 retried, 0 dead, 0 released, 0 orphaned', 'the lease that holds delivers');
SELECT is(pg_temp.told(:'r'), '1:- 200 orphan; 1:delivered 200', 'its number takes no account of the orphan');

-- Batches.
CREATE TEMP TABLE three AS SELECT n, pg_temp.publish('complete', due => make_interval(secs => -n)) AS id FROM generate_series(1, 3) AS n;
CREATE TEMP TABLE claims AS SELECT * FROM moai_private.claim(3, pg_temp.at());
CREATE TEMP TABLE batch AS SELECT json_agg(pg_temp.result(ROW(c.*)::claimed, CASE t.n WHEN 1 THEN 'delivered' WHEN 2 THEN 'failed' ELSE 'released' END)) AS results FROM claims AS c JOIN three AS t ON t.id = c.event_id;
SELECT is(pg_temp.complete((SELECT results FROM batch), pg_temp.at('1 s')), '1 delivered, 1 retried, 0 dead, 1 released, 0 orphaned', 'a batch may hold every kind of result');
SELECT is((SELECT string_agg(coalesce(pg_temp.queued(id), 'gone'), ' | ' ORDER BY n) FROM three), 'gone | due 6.000, free, attempt 1, tries 2, lapses 0 | due 1.000, free, attempt 0, tries 3, lapses 0', 'each has its effect');
SELECT is(pg_temp.complete((SELECT results FROM batch), pg_temp.at('2 s')), '0 delivered, 0 retried, 0 dead, 0 released, 0 orphaned', 'a batch repeated changes nothing');
SELECT is(pg_temp.complete('[]', pg_temp.at('2 s')), '0 delivered, 0 retried, 0 dead, 0 released, 0 orphaned', 'an empty batch is nothing');
SELECT is((SELECT next_due_in_us FROM moai_private.complete('tester', '[]', pg_temp.at('500 ms'))), 500000::bigint, 'completing tells when the queue is due next');
SELECT is((SELECT next_due_in_us FROM moai_private.complete('tester', '[]', pg_temp.at('500 ms'), look_ahead => false)), NULL, 'unless it is not asked');
SELECT isnt((SELECT next_due_in_us FROM moai_private.complete('tester', '[]', pg_temp.at('500 ms'), since => pg_temp.at('1 s'))), 500000::bigint, 'and past what is due by a given time');
DELETE FROM moai_private.delivery AS d USING three AS t WHERE d.event_id = t.id;
SELECT pg_temp.subscribe('complete/once', max_attempts => 1) \g /dev/null
SELECT pg_temp.publish('complete/once') AS twice \gset
SELECT pg_temp.claim_one()::text AS c \gset
SELECT is(pg_temp.complete(json_build_array(pg_temp.result(:'c'::claimed, 'failed', 500), pg_temp.result(:'c'::claimed, 'failed', 500)), pg_temp.at('1 s')), '0 delivered, 0 retried, 1 dead, 0 released, 0 orphaned', 'a result told twice in a batch counts once');
SELECT is(pg_temp.told(:'twice'), '1:dead 500', 'and is logged once');
SELECT pg_temp.publish('complete/once') AS mixed \gset
SELECT pg_temp.claim_one()::text AS c \gset
SELECT is(pg_temp.complete(json_build_array(pg_temp.result(:'c'::claimed, 'failed', 500), pg_temp.result(:'c'::claimed, 'delivered', 200)), pg_temp.at('1 s')), '1 delivered, 0 retried, 0 dead, 0 released, 0 orphaned', 'of two results for one lease the better stands');

-- Subscriptions that change meanwhile.
SELECT pg_temp.subscribe('complete/deleted') AS sd \gset
SELECT pg_temp.publish('complete/deleted') AS de \gset
SELECT pg_temp.publish('complete/deleted') AS df \gset
CREATE TEMP TABLE cd AS SELECT * FROM moai_private.claim(2, pg_temp.at());
UPDATE moai_private.subscription SET state = 'deleted', held = true WHERE id = :'sd';
SELECT is(pg_temp.complete((SELECT json_agg(pg_temp.result(ROW(c.*)::claimed, CASE WHEN event_id = :'de' THEN 'failed' ELSE 'delivered' END, 500)) FROM cd AS c), pg_temp.at('1 s')),
    '1 delivered, 0 retried, 0 dead, 0 released, 0 orphaned', 'a deleted subscription''s delivery may still succeed');
SELECT is(pg_temp.told(:'de'), '1:cancelled 500', 'and is cancelled if it fails');
SELECT is(pg_temp.queued(:'de'), NULL, 'not retried');
SELECT is_empty(format('SELECT FROM moai_private.dead_letter WHERE event_id = %L', :'de'), 'nor made a dead letter');
SELECT pg_temp.subscribe('complete/paused') AS sp \gset
SELECT pg_temp.publish('complete/paused') AS pe \gset
SELECT pg_temp.claim_one()::text AS c \gset
UPDATE moai_private.subscription SET state = 'paused', held = true, retry_base = '60 s', max_attempts = 1 WHERE id = :'sp';
SELECT pg_temp.complete(json_build_array(pg_temp.result(:'c'::claimed, 'failed', 500)), pg_temp.at('1 s')) \g /dev/null
SELECT is(pg_temp.queued(:'pe'), 'due 61.000, free, attempt 1, tries 2, lapses 0', 'the policy of the time of the result decides; a paused subscription''s attempt under way counts');

-- Jitter.
SELECT pg_temp.subscribe('complete/jitter', retry_base => '10 s', retry_jitter => 0.5, max_attempts => 100) \g /dev/null
CREATE TEMP TABLE many AS SELECT pg_temp.publish('complete/jitter') AS id FROM generate_series(1, 200);
CREATE TEMP TABLE cj AS SELECT * FROM moai_private.claim(200, pg_temp.at());
SELECT is(pg_temp.complete((SELECT json_agg(pg_temp.result(ROW(c.*)::claimed, 'failed', 500)) FROM cj AS c), pg_temp.at()), '0 delivered, 200 retried, 0 dead, 0 released, 0 orphaned', 'a large batch is one call');
SELECT ok(min(d.due_at) >= pg_temp.at('10 s') AND max(d.due_at) <= pg_temp.at('15 s') AND count(DISTINCT d.due_at) > 100, 'jitter lengthens each retry by a share of its own, and shortens none')
FROM moai_private.delivery AS d JOIN many AS m ON m.id = d.event_id;
DELETE FROM moai_private.delivery AS d USING many AS m WHERE d.event_id = m.id AND m.id <> (SELECT min(id::text)::uuid FROM many);
UPDATE moai_private.delivery SET tries_left = 2, attempt_no = 98, due_at = pg_temp.at() WHERE event_id = (SELECT min(id::text)::uuid FROM many);
SELECT pg_temp.claim_one()::text AS c \gset
SELECT is((:'c'::claimed).attempt_no, 99, 'numbers go on');
SELECT pg_temp.complete(json_build_array(pg_temp.result(:'c'::claimed, 'failed', 500)), pg_temp.at()) \g /dev/null
SELECT ok(d.due_at BETWEEN pg_temp.at('24 h') AND pg_temp.at('36 h') AND d.tries_left = 1, 'the ninety-ninth retry waits no longer than the cap and its jitter') FROM moai_private.delivery AS d WHERE d.event_id = (:'c'::claimed).event_id;

-- Held events.
SELECT pg_temp.subscribe('complete/held', max_attempts => 2) \g /dev/null
SELECT pg_temp.publish('complete/held', published => clock_timestamp() - interval '7 days') AS h \gset
SELECT pg_temp.claim_one()::text AS c1 \gset
SELECT moai_private.retire_partitions(date_trunc('week', clock_timestamp() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC') \g /dev/null
SELECT is(pg_temp.complete(json_build_array(pg_temp.result(:'c1'::claimed, 'failed', 500)), pg_temp.at('1 s')), '0 delivered, 1 retried, 0 dead, 0 released, 0 orphaned', 'a delivery whose event''s partition is gone is completed');
SELECT pg_temp.claim_one(pg_temp.at('6 s'))::text AS c2 \gset
SELECT is((:'c2'::claimed).payload, '{"userId": "123"}', 'and claimed again, with its payload');
SELECT pg_temp.complete(json_build_array(pg_temp.result(:'c2'::claimed, 'failed', 500)), pg_temp.at('7 s')) \g /dev/null
SELECT results_eq(format('SELECT attempt_no, terminal_state::text FROM moai_private.attempt_held WHERE event_id = %L ORDER BY 1', :'h'), $$VALUES (1, NULL), (2, 'dead')$$, 'its attempts are held');
SELECT is(pg_temp.complete(json_build_array(pg_temp.result(:'c1'::claimed, 'delivered', 200)), pg_temp.at('8 s')), '0 delivered, 0 retried, 0 dead, 0 released, 0 orphaned', 'a repeated result meets its own row there');
SELECT is(pg_temp.complete(('[{"event_id":"00000000-0000-7000-8000-000000000000","subscription_id":"00000000-0000-7000-8000-000000000000","lease_token":1,"attempt_no":1,"outcome":"delivered","started_at_us":1,"http_status":200}]')::json, pg_temp.at('9 s')),
    '0 delivered, 0 retried, 0 dead, 0 released, 1 orphaned', 'a result for an event that nobody knows is an orphan, and fails no batch');

-- Ill-formed.
SELECT is(pg_temp.error_of($$SELECT pg_temp.complete('[{"outcome": "success"}]', pg_temp.at())$$), '22P02: invalid input value for enum moai_private.attempt_result: "success"', 'an unknown result is refused by name');

SELECT * FROM finish();
ROLLBACK;
