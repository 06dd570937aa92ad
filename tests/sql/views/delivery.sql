BEGIN;
\ir ../helpers.psql
SELECT plan(23);

-- moai_private.delivery_fact is what the public view is made of.
SELECT pg_temp.subscribe('views/delivery', '{user.*}', max_attempts => 2) AS s \gset
SELECT pg_temp.publish('views/delivery') AS e \gset
SELECT results_eq(format('SELECT * FROM moai.delivery WHERE event_id = %L', :'e'),
    format($$VALUES (%L, %L::uuid, %L::uuid, 'views/delivery', 'user.created', 'pending'::moai.delivery_state, 0, 2, pg_temp.at(), NULL::timestamptz, NULL, NULL::integer, NULL, NULL)$$, :'e' || '_' || :'s', :'e', :'s'),
    'before its first attempt a delivery is pending');
SELECT pg_temp.claim_one() AS claimed \gset
SELECT results_eq(format('SELECT state, due_at FROM moai.delivery WHERE event_id = %L', :'e'), $$VALUES ('delivering'::moai.delivery_state, pg_temp.at('28 s'))$$, 'while a worker holds it, delivering, until the lease ends');
SELECT pg_temp.complete(json_build_array(pg_temp.result(:'claimed'::claimed, 'failed', 500, 'http_status', 'no')), pg_temp.at('1 s')) \g /dev/null
SELECT results_eq(format('SELECT state, attempts, tries_left, due_at, http_status FROM moai.delivery WHERE event_id = %L', :'e'), $$VALUES ('retrying'::moai.delivery_state, 1, 1, pg_temp.at('6 s'), NULL::integer)$$, 'after a failure, retrying');
UPDATE moai_private.delivery SET parked = true WHERE event_id = :'e';
SELECT is((SELECT state FROM moai.delivery WHERE event_id = :'e'), 'parked', 'taken out of the way, parked');
UPDATE moai_private.delivery SET parked = false WHERE event_id = :'e';
SELECT pg_temp.complete(json_build_array(pg_temp.result(pg_temp.claim_one(pg_temp.at('6 s')), 'failed', 503, 'http_status', 'busy')), pg_temp.at('7 s')) \g /dev/null
SELECT results_eq(format('SELECT state, attempts, tries_left, due_at, finished_at, reason, http_status, error_class, error_detail FROM moai.delivery WHERE event_id = %L', :'e'),
    $$VALUES ('dead'::moai.delivery_state, 2, NULL::integer, NULL::timestamptz, pg_temp.at('7 s'), 'exhausted', 503, 'http_status', 'busy')$$, 'after the last failure, dead, with what the last attempt told');
SELECT moai_private.redrive_dead_letters(ARRAY[:'e' || '_' || :'s'], NULL, NULL, 1, pg_temp.at('8 s')) \g /dev/null
SELECT is((SELECT string_agg(state::text, ',') FROM moai.delivery WHERE event_id = :'e'), 'retrying', 'redriven it shows as live only');
SELECT is((SELECT count(*) FROM moai_private.delivery_fact WHERE event_id = :'e'), 2::bigint, 'though the first end is known');
SELECT pg_temp.complete(json_build_array(pg_temp.result(pg_temp.claim_one(pg_temp.at('8 s')), 'delivered', 204)), pg_temp.at('9 s')) \g /dev/null
SELECT results_eq(format('SELECT state, attempts, reason, http_status FROM moai.delivery WHERE event_id = %L', :'e'), $$VALUES ('delivered'::moai.delivery_state, 3, NULL, 204)$$, 'the latest end stands');
SELECT pg_temp.publish('views/delivery', due => '20 s') AS c \gset
UPDATE moai_private.delivery SET lapses = 4, lease_token = 1, attempt_no = 1 WHERE event_id = :'c';
SELECT is((pg_temp.claim_one(pg_temp.at('20 s'))).event_id, NULL, 'the fifth lapse is the last');
SELECT results_eq(format('SELECT state, attempts, reason, finished_at FROM moai.delivery WHERE event_id = %L', :'c'), $$VALUES ('dead'::moai.delivery_state, 1, 'crash_loop', pg_temp.at('20 s'))$$, 'an end without an attempt shows, too');

-- Every state of the type is one that a row can show, and every fact one that is held.
SELECT is(enum_range(NULL::moai.delivery_state)::text[], '{pending,delivering,retrying,parked,delivered,dead,cancelled,expired,superseded}', 'these are the states');
INSERT INTO moai_private.event_held (id, published_at, tenant, type, payload) VALUES ('00dc6acf-ac00-7000-8000-000000000001', pg_temp.at(), 'views/delivery', 'user.old', '1');
INSERT INTO moai_private.attempt_held (event_id, subscription_id, lease_token, started_at, recorded_at, attempt_no, terminal_state, is_orphan, error_class, worker)
VALUES ('00dc6acf-ac00-7000-8000-000000000001', :'s', 1, pg_temp.at(), pg_temp.at('1 s'), 1, 'dead', false, 'timeout', 'w');
SELECT results_eq($$SELECT state, event_type, error_class FROM moai.delivery WHERE event_id = '00dc6acf-ac00-7000-8000-000000000001'$$, $$VALUES ('dead'::moai.delivery_state, 'user.old', 'timeout')$$, 'a delivery shows when its partitions are gone');
INSERT INTO moai_private.outcome_held VALUES ('00dc6acf-ac00-7000-8000-000000000001', :'s', pg_temp.at('2 s'), 1, 'cancelled', 'subscription_deleted');
SELECT is((SELECT string_agg(state::text, ',') FROM moai.delivery WHERE event_id = '00dc6acf-ac00-7000-8000-000000000001'), 'cancelled', 'and the latest of its facts stands');

-- What the table refuses.
SELECT pg_temp.publish('views/delivery', due => '1 h') AS r \gset
SELECT throws_like(format('UPDATE moai_private.delivery SET %s WHERE event_id = %L', change, :'r'), '%"' || rule || '"%', rule || ' holds')
FROM (VALUES ('parked = true, lease_token = 1', 'delivery_not_parked_while_leased'), ('tries_left = 0', 'delivery_has_a_try_left'),
             ('attempt_no = -1', 'delivery_attempt_no_not_negative'), ('lapses = -1', 'delivery_lapses_not_negative')) AS bad(change, rule);
SELECT throws_like(format('INSERT INTO moai_private.outcome VALUES (%L, %L, pg_temp.at(), 1, %L, ''x'')', :'r', :'s', state), '%"outcome_state_terminal"%', state || ' is no end without an attempt')
FROM unnest(ARRAY['pending', 'delivered']) AS state;

CREATE TEMP TABLE plan (line text);
CREATE FUNCTION pg_temp.explain(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || explain.statement; END $$;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_bitmapscan = off;
SET LOCAL enable_sort = off;
INSERT INTO plan SELECT pg_temp.explain(format('SELECT * FROM moai.delivery WHERE event_id = %L', :'e'));
SELECT is((SELECT count(DISTINCT substring(line FROM ' on ((?:event|attempt|outcome)_[0-9]{4}w[0-9]{2}) ')) FROM plan), 3::bigint, 'looking up an event opens one partition of each table');
SELECT is((SELECT count(*) FROM plan WHERE line ~ 'Seq Scan'), 0::bigint, 'by their indexes');
INSERT INTO plan SELECT 'list ' || pg_temp.explain('SELECT f.* FROM moai_private.delivery_fact AS f ORDER BY f.event_id DESC, f.subscription_id DESC LIMIT 10');
SELECT ok(EXISTS (SELECT FROM plan WHERE line ~ 'list .*Merge Append'), 'the newest ones are read in order from the indexes');
SELECT ok(NOT EXISTS (SELECT FROM plan WHERE line ~ '^list .*-> *(Incremental )?Sort'), 'without sorting');

SELECT * FROM finish();
ROLLBACK;
