BEGIN;
\ir ../helpers.psql
SELECT plan(34);

-- Last week's partitions are retired: the youngest of those that nobody publishes to any more.
SELECT date_trunc('week', clock_timestamp() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS monday \gset
SELECT moai_private.partition_week(:'monday'::timestamptz - interval '7 days') AS week \gset
SELECT :'monday'::timestamptz - interval '1 second' AS sunday \gset

SELECT matches(pg_temp.error_of($$SELECT moai_private.retire_partitions(clock_timestamp() + interval '1 hour')$$), '^MO422: before lies in the future / before = ', 'a time in the future is refused: the week that is published to would go');
SELECT is(moai_private.retire_partitions('1999-01-01'), 0, 'nothing is retired that is not older');
SELECT is_empty($$SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'moai_private.event'::regclass AND mode = 'AccessExclusiveLock'$$, 'and then nothing is locked');

SELECT pg_temp.subscribe('retire', max_attempts => 2) AS s \gset
SELECT pg_temp.subscribe('retire', max_attempts => 1) AS s1 \gset
SELECT pg_temp.publish('retire', payload => '{"n" : 1}', published => :'sunday') AS open \gset
SELECT pg_temp.publish('retire', payload => '{"n" : 2}', published => :'sunday') AS dead \gset
SELECT pg_temp.publish('retire', payload => '{"n" : 3}', published => :'sunday') AS done \gset
SELECT pg_temp.publish('retire', payload => '{"n" : 4}', published => :'monday') AS young \gset
CREATE TEMP TABLE c AS SELECT * FROM moai_private.claim(8, pg_temp.at());
-- open: a failed and a delivered one; dead: a failed one and a dead letter; done: both delivered.
SELECT pg_temp.complete((SELECT json_agg(pg_temp.result(ROW(c.*)::claimed, CASE WHEN event_id IN (:'done', :'young') OR event_id = :'open' AND subscription_id = :'s1' THEN 'delivered' ELSE 'failed' END, 500)) FROM c), pg_temp.at('1 s')) \g /dev/null
DELETE FROM moai_private.delivery WHERE event_id = :'dead' AND subscription_id = :'s';
INSERT INTO moai_private.outcome VALUES (:'dead', :'s', pg_temp.at('2 s'), 1, 'cancelled', 'test');

SELECT ok(moai_private.retire_partitions(:'monday'::timestamptz) >= 1, 'a week is retired once it has ended');
SELECT hasnt_table('moai_private'::name, (p || '_' || :'week')::name, 'its partition of ' || p || ' is gone') FROM unnest(ARRAY['event', 'attempt', 'outcome']) AS p;
SELECT has_table('moai_private'::name, ('event_' || moai_private.partition_week(:'monday'))::name, 'the next week stays');
SELECT is(moai_private.retire_partitions(:'monday'::timestamptz), 0, 'repeating it does nothing');
SELECT results_eq(format('SELECT id, payload::text FROM moai_private.event_held WHERE id IN (%L, %L, %L, %L) ORDER BY payload::text', :'open', :'dead', :'done', :'young'),
    format('VALUES (%L::uuid, %L), (%L::uuid, %L)', :'open', '{"n" : 1}', :'dead', '{"n" : 2}'), 'events with an open delivery or a dead letter are held, byte for byte');
SELECT is_empty(format('SELECT FROM moai_private.event WHERE id IN (%L, %L, %L)', :'open', :'dead', :'done'), 'and are nowhere twice');
SELECT isnt_empty(format('SELECT FROM moai_private.event WHERE id = %L', :'young'), 'a younger event stays where it is');
SELECT is((SELECT string_agg(coalesce(terminal_state::text, '-'), ' ' ORDER BY attempt_no, terminal_state) FROM moai_private.attempt_held WHERE event_id = :'open'), 'delivered -', 'with all their attempts');
SELECT is((SELECT string_agg(coalesce(terminal_state::text, '-'), ' ' ORDER BY attempt_no, terminal_state) FROM moai_private.attempt_held WHERE event_id = :'dead'), 'dead -', 'the failed ones too');
SELECT is_empty(format('SELECT FROM moai_private.attempt_held WHERE event_id = %L', :'done'), 'those of events that are done go with their partition');
SELECT results_eq(format('SELECT state::text FROM moai_private.outcome_held WHERE event_id = %L', :'dead'), $$VALUES ('cancelled')$$, 'and outcomes');

-- What is held lives on.
SELECT is(moai_private.release_held() >= 0, true, 'releasing what nobody needs takes nothing that is needed');
SELECT is((SELECT count(*) FROM moai_private.event_held WHERE id IN (:'open', :'dead')), 2::bigint, 'held events stay while they are needed');
SELECT pg_temp.claim_one(pg_temp.at('6 s'))::text AS c \gset
SELECT results_eq(format($$SELECT (c).event_id, (c).attempt_no, (c).payload, (c).event_type, (c).tenant FROM (SELECT %L::claimed AS c) AS x$$, :'c'),
    format($$VALUES (%L::uuid, 2, '{"n" : 1}', 'user.created', 'retire')$$, :'open'), 'a held event''s delivery is claimed as ever');
SELECT is(pg_temp.complete(json_build_array(pg_temp.result(:'c'::claimed, 'failed', 500)), pg_temp.at('7 s')), '0 delivered, 0 retried, 1 dead, 0 released, 0 orphaned', 'and completed');
SELECT results_eq(format('SELECT attempt_no, terminal_state::text FROM moai_private.attempt_held WHERE event_id = %L AND subscription_id = %L ORDER BY 1', :'open', :'s'), $$VALUES (1, NULL), (2, 'dead')$$, 'its attempts go on with the next number');

-- Redriving is: the dead letter goes, a delivery comes.
CREATE TEMP TABLE redriven AS
WITH taken AS (DELETE FROM moai_private.dead_letter WHERE event_id = :'open' RETURNING *)
SELECT * FROM taken;
INSERT INTO moai_private.delivery (event_id, subscription_id, due_at, attempt_no, tries_left) SELECT event_id, subscription_id, pg_temp.at('8 s'), attempt_no, 2 FROM redriven;
SELECT pg_temp.claim_one(pg_temp.at('8 s'))::text AS c \gset
SELECT is((:'c'::claimed).attempt_no, 3, 'a redriven delivery of a held event is claimed, its numbers go on');
SELECT is(pg_temp.complete(json_build_array(pg_temp.result(:'c'::claimed, 'delivered', 200)), pg_temp.at('9 s')), '1 delivered, 0 retried, 0 dead, 0 released, 0 orphaned', 'and delivered');
SELECT pg_temp.subscribe('retire/crash') AS sc \gset
SELECT lives_ok(format($$SELECT moai_private.record_outcomes(ARRAY[(%L, %L, pg_temp.at('9 s'), 1, 'cancelled', 'test')::moai_private.outcome])$$, :'dead', :'sc'), 'cancelling finds a place for its fact');
SELECT is((SELECT count(*) FROM moai_private.outcome_held WHERE event_id = :'dead'), 2::bigint, 'among the held');

-- Released when nobody needs it.
SELECT ok(moai_private.release_held() >= 1, 'a held event that is done is released');
SELECT is((SELECT count(*) FROM moai_private.event_held WHERE id = :'open'), 0::bigint, 'the event');
SELECT is((SELECT count(*) FROM moai_private.attempt_held WHERE event_id = :'open'), 0::bigint, 'and its attempts');
SELECT is((SELECT count(*) FROM moai_private.event_held WHERE id = :'dead'), 1::bigint, 'one with a dead letter stays');
DELETE FROM moai_private.dead_letter WHERE event_id = :'dead';
SELECT ok(moai_private.release_held() >= 1, 'until that is discarded');
SELECT is_empty(format('SELECT FROM moai_private.outcome_held WHERE event_id = %L', :'dead'), 'with its outcomes');

SELECT pg_temp.complete(json_build_array(pg_temp.result(:'c'::claimed, 'failed', 500)), pg_temp.at('10 s')) AS late \gset
SELECT is(:'late'::text, '0 delivered, 0 retried, 0 dead, 0 released, 1 orphaned', 'a late result for an event that is gone altogether fails nothing');
SELECT is(moai_private.release_held() >= 0, true, 'and is cleared away');
SELECT is_empty(format('SELECT FROM moai_private.attempt_held WHERE event_id = %L', :'open'), 'too');

SELECT * FROM finish();
ROLLBACK;
