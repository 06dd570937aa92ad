BEGIN;
\ir ../helpers.psql
SELECT plan(11);

SELECT pg_temp.subscribe('resume_subscription', state => 'paused') AS s \gset
SELECT moai_private.insert_event('a', '1', NULL, 'resume_subscription', '24 h', clock_timestamp() + i * interval '1 s') FROM generate_series(96, 0, -1) AS i \g /dev/null
UPDATE moai_private.delivery SET due_at = 'infinity' WHERE subscription_id = :'s';
SELECT is(moai_private.resume_subscription(:'s', pg_temp.at()), 97, 'it tells how many deliveries it released');
SELECT results_eq(format('SELECT state, held, updated_at FROM moai_private.subscription WHERE id = %L', :'s'),
    $$VALUES ('active'::moai.subscription_state, false, pg_temp.at())$$, 'it is active');
CREATE TEMP TABLE released AS
SELECT row_number() OVER (ORDER BY event_id) - 1 AS k, extract(epoch FROM due_at - pg_temp.at()) AS after, parked FROM moai_private.delivery WHERE subscription_id = :'s';
SELECT ok(bool_and(NOT parked), 'nothing stays parked') FROM released;
SELECT results_eq('SELECT k, round(after, 6) FROM released WHERE k IN (0, 32, 96) ORDER BY k', 'VALUES (0::bigint, 0::numeric), (32, 1), (96, 2)', 'the ramp releases 32, then as many more as before each second');
SELECT ok(bool_and(after >= earlier), 'oldest first') FROM (SELECT after, lag(after, 1, 0) OVER (ORDER BY k) AS earlier FROM released) AS r;
SELECT is(moai.resume_subscription(:'s'), 0, 'repeating it is harmless');
SELECT moai.record_breakers('w', format('[{"subscription_id":"%s","is_open":true,"probe_in_us":1,"consecutive_failures":20,"times_opened":1,"reason":"timeout"}]', :'s')::json) \g /dev/null
SELECT moai.resume_subscription(:'s') \g /dev/null
SELECT is((SELECT breaker FROM moai.subscription WHERE id = :'s'), 'closed', 'nothing is held against the endpoint of an active one any more');
SELECT pg_temp.subscribe('resume_subscription', state => 'disabled') AS d \gset
SELECT moai.resume_subscription(:'d') \g /dev/null
SELECT is((SELECT state FROM moai.subscription WHERE id = :'d'), 'active', 'a disabled one comes back, too');
SELECT is(pg_temp.error_of($$SELECT moai.resume_subscription('00000000-0000-7000-8000-000000000000')$$), 'MO404: no such subscription / id = 00000000-0000-7000-8000-000000000000', 'an unknown id is none');
SELECT moai.delete_subscription(:'d') \g /dev/null
SELECT is(pg_temp.error_of(format('SELECT moai.resume_subscription(%L)', :'d')), 'MO410: subscription is deleted / id = ' || :'d', 'a deleted one does not');
SELECT CASE WHEN current_setting('transaction_isolation') = 'read committed' THEN pass('moai_private.resume_subscription asks for READ COMMITTED, which this is')
            ELSE fail('the tests run READ COMMITTED') END;

SELECT * FROM finish();
ROLLBACK;
