BEGIN;
\ir ../helpers.psql
SELECT plan(19);

CREATE FUNCTION pg_temp.ended(results json) RETURNS text LANGUAGE sql VOLATILE
RETURN (SELECT format('%s delivered, %s late, %s others', e.delivered, e.late, e.others) FROM moai_private.end_delivered('tester', ended.results, pg_temp.at('1 s')) AS e);
CREATE FUNCTION pg_temp.attempts(event_id uuid) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(format('%s:%s %s', a.attempt_no, a.terminal_state, a.http_status), '; ') FROM moai_private.attempt AS a WHERE a.event_id = attempts.event_id);

SELECT is(pg_temp.ended('[]'), '0 delivered, 0 late, 0 others', 'of no results it ends none');

SELECT pg_temp.subscribe('end', max_attempts => 2) AS s \gset
SELECT pg_temp.publish('end') AS e \gset
UPDATE moai_private.delivery SET attempt_no = 4 WHERE event_id = :'e';
SELECT pg_temp.claim_one()::text AS c \gset
SELECT is(pg_temp.ended(json_build_array(pg_temp.result(:'c'::claimed, 'delivered', 204))), '1 delivered, 0 late, 0 others', 'it ends what was delivered');
SELECT is(pg_temp.queued(:'e'), NULL, 'which leaves the queue');
SELECT is(pg_temp.attempts(:'e'), '5:delivered 204', 'with the next number of the queue''s row, whatever the result says');
SELECT is(pg_temp.ended(json_build_array(pg_temp.result(:'c'::claimed, 'delivered', 204))), '0 delivered, 1 late, 0 others', 'a second time it is late');
SELECT is(pg_temp.attempts(:'e'), '5:delivered 204', 'and logged no second time');

SELECT pg_temp.publish('end') AS f \gset
SELECT pg_temp.claim_one()::text AS c \gset
SELECT is(pg_temp.ended(json_build_array(pg_temp.result(:'c'::claimed, 'failed', 500), pg_temp.result(:'c'::claimed, 'released'), pg_temp.result(:'c'::claimed, 'parked'))),
    '0 delivered, 0 late, 3 others', 'other outcomes it leaves to others');
SELECT is(pg_temp.queued(:'f'), 'due 28.000, leased, attempt 0, tries 2, lapses 0', 'and their rows as they are');
SELECT is(pg_temp.ended(json_build_array(pg_temp.result(:'c'::claimed, 'failed', 500), pg_temp.result(:'c'::claimed, 'delivered', 200), pg_temp.result(:'c'::claimed, 'delivered', 201))),
    '1 delivered, 1 late, 1 others', 'of two for one lease it ends the lease by one');
SELECT matches(pg_temp.attempts(:'f'), '^1:delivered 20[01]$', 'and logs that one');

SELECT pg_temp.publish('end') AS l \gset
SELECT pg_temp.claim_one()::text AS c \gset
UPDATE moai_private.delivery SET lease_token = lease_token + 1 WHERE event_id = :'l';
SELECT is(pg_temp.ended(json_build_array(pg_temp.result(:'c'::claimed, 'delivered', 200))), '0 delivered, 1 late, 0 others', 'it ends nothing whose lease was lost');
SELECT is(pg_temp.ended(json_build_array(json_build_object('outcome', 'delivered'))), '0 delivered, 1 late, 0 others', 'nor what says not what it belongs to');
SELECT is(pg_temp.attempts(:'l'), NULL, 'and logs nothing of them');

-- Where the history has no partition to go to.
SELECT moai_private.uuid_v7('2001-01-01') AS old \gset
INSERT INTO moai_private.delivery (event_id, subscription_id, due_at, lease_token, tries_left) VALUES (:'old', :'s', pg_temp.at('10 s'), 7, 1);
SELECT is(pg_temp.ended(json_build_array(json_build_object('event_id', :'old', 'subscription_id', :'s', 'lease_token', 7, 'attempt_no', 1, 'outcome', 'delivered', 'started_at_us', 0))),
    '0 delivered, 1 late, 0 others', 'what is older than the partitions it leaves to others');
SELECT isnt(pg_temp.queued(:'old'), NULL, 'in the queue');
SELECT is(pg_temp.complete(json_build_array(json_build_object('event_id', :'old', 'subscription_id', :'s', 'lease_token', 7, 'attempt_no', 1, 'outcome', 'delivered', 'started_at_us', 0)), pg_temp.at('2 s')),
    '1 delivered, 0 retried, 0 dead, 0 released, 0 orphaned', 'who end it');

-- What ends "nothing but failures".
INSERT INTO moai_private.failing SELECT s, pg_temp.at(), pg_temp.at() FROM unnest(ARRAY[:'s', gen_random_uuid()]) AS s;
SELECT pg_temp.publish(s.tenant) AS failed FROM moai_private.subscription AS s WHERE s.id = :'s' \gset
SELECT pg_temp.complete(json_build_array(pg_temp.result(pg_temp.claim_one(), 'failed', 500, 'http_status')), pg_temp.at('1 s')) \g /dev/null
SELECT is((SELECT count(*) FROM moai_private.failing WHERE subscription_id = :'s'), 1::bigint, 'a failure leaves since when the endpoint fails');
DELETE FROM moai_private.delivery WHERE event_id = :'failed';
SELECT pg_temp.publish(s.tenant) AS succeeded FROM moai_private.subscription AS s WHERE s.id = :'s' \gset
SELECT pg_temp.complete(json_build_array(pg_temp.result(pg_temp.claim_one(), 'delivered', 200)), pg_temp.at('1 s')) \g /dev/null
SELECT is((SELECT count(*) FROM moai_private.failing WHERE subscription_id = :'s'), 0::bigint, 'a success ends it');
SELECT is((SELECT count(*) FROM moai_private.failing WHERE since = pg_temp.at()), 1::bigint, 'for that endpoint alone');

SELECT * FROM finish();
ROLLBACK;
