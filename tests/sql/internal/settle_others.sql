BEGIN;
\ir ../helpers.psql
SELECT plan(15);

-- Each fate in full: tests/sql/internal/complete.sql.
CREATE FUNCTION pg_temp.settled(results json, with_delivered boolean) RETURNS text LANGUAGE sql VOLATILE
RETURN (SELECT format('%s delivered, %s retried, %s dead, %s released, %s orphaned', s.delivered, s.retried, s.dead_lettered, s.released, s.orphaned)
        FROM moai_private.settle_others('tester', settled.results, settled.with_delivered, pg_temp.at('1 s')) AS s);

SELECT pg_temp.subscribe('settle', max_attempts => 1) AS s \gset
SELECT pg_temp.publish('settle') AS e \gset
SELECT pg_temp.claim_one()::text AS c \gset
SELECT is(pg_temp.settled('[]', false), '0 delivered, 0 retried, 0 dead, 0 released, 0 orphaned', 'of no results it settles none');
SELECT is(pg_temp.settled(json_build_array(pg_temp.result(:'c'::claimed, 'delivered', 200)), false), '0 delivered, 0 retried, 0 dead, 0 released, 0 orphaned',
    'a delivered one is not looked at unless it is asked for');
SELECT is(pg_temp.queued(:'e'), 'due 28.000, leased, attempt 0, tries 1, lapses 0', 'and is not touched');
SELECT is(pg_temp.settled(json_build_array(pg_temp.result(:'c'::claimed, 'failed', 500)), false), '0 delivered, 0 retried, 1 dead, 0 released, 0 orphaned', 'a failure of the last try is a dead letter');
SELECT is(pg_temp.queued(:'e'), NULL, 'which leaves the queue');

SELECT pg_temp.publish('settle') AS l \gset
SELECT pg_temp.claim_one()::text AS c \gset
UPDATE moai_private.delivery SET lease_token = lease_token + 1 WHERE event_id = :'l';
SELECT is(pg_temp.settled(json_build_array(pg_temp.result(:'c'::claimed, 'delivered', 200)), true), '0 delivered, 0 retried, 0 dead, 0 released, 1 orphaned', 'a late one is an orphan');
SELECT is((SELECT string_agg(format('%s %s', coalesce(a.terminal_state::text, 'no end'), a.is_orphan), '; ') FROM moai_private.attempt AS a WHERE a.event_id = :'l'), 'no end t', 'which is logged and ends nothing');

SELECT pg_temp.publish('settle') AS d \gset
SELECT pg_temp.claim_one()::text AS c \gset
SELECT moai_private.end_delivered('tester', json_build_array(pg_temp.result(:'c'::claimed, 'delivered', 200)), pg_temp.at('1 s')) \g /dev/null
SELECT is(pg_temp.settled(json_build_array(pg_temp.result(:'c'::claimed, 'delivered', 200)), true), '0 delivered, 0 retried, 0 dead, 0 released, 0 orphaned', 'one that was ended just now is no orphan');
SELECT is((SELECT string_agg(format('%s %s', a.terminal_state, a.is_orphan), '; ') FROM moai_private.attempt AS a WHERE a.event_id = :'d'), 'delivered f', 'and keeps its attempt');

SELECT pg_temp.publish('settle') AS n \gset
SELECT pg_temp.claim_one()::text AS c \gset
INSERT INTO moai_private.failing VALUES (:'s', pg_temp.at(), pg_temp.at());
SELECT is(pg_temp.settled(json_build_array(pg_temp.result(:'c'::claimed, 'delivered', 200)), true), '1 delivered, 0 retried, 0 dead, 0 released, 0 orphaned', 'one that was left is ended');
SELECT is_empty(format('SELECT FROM moai_private.failing WHERE subscription_id = %L', :'s'), 'and its endpoint has done something else than fail');


-- Given up on.
SELECT pg_temp.subscribe('settle/refused', max_attempts => 3) AS g \gset
UPDATE moai_private.subscription SET give_up_on = '{404}' WHERE id = :'g';
SELECT pg_temp.publish('settle/refused') AS r \gset
SELECT is(pg_temp.complete(json_build_array(pg_temp.result(pg_temp.claim_one(), 'failed', 404, 'http_status')), pg_temp.at('1 s')), '0 delivered, 0 retried, 1 dead, 0 released, 0 orphaned', 'a status that is given up on dead-letters');
SELECT is((SELECT reason FROM moai.dead_letter WHERE event_id = :'r'), 'refused', 'as refused');
SELECT is((SELECT state || ' ' || reason FROM moai.delivery WHERE event_id = :'r'), 'dead refused', 'so the delivery says');
SELECT moai.discard_dead_letter(:'r' || '_' || :'g') \g /dev/null
SELECT is((SELECT state || ' ' || reason FROM moai.delivery WHERE event_id = :'r'), 'dead refused', 'also when the dead letter is gone');

SELECT * FROM finish();
ROLLBACK;
