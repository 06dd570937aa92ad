BEGIN;
\ir ../helpers.psql
SELECT plan(5);

SELECT pg_temp.subscribe('rest/resume_subscription', state => 'paused') AS s \gset
SELECT pg_temp.publish('rest/resume_subscription') AS e \gset
SELECT is((SELECT concat_ws(' ', status, body::json ->> 'state') FROM moai_rest.resume_subscription(:'s', '')), '200 active', 'it is active');
SELECT is((SELECT state FROM moai.delivery WHERE event_id = :'e'), 'pending', 'its deliveries are released');
SELECT is((SELECT status FROM moai_rest.resume_subscription(:'s', '{}')), 200, 'repeating it is harmless');
SELECT is(pg_temp.error_of(format('SELECT moai_rest.resume_subscription(%L, ''{"reason":"x"}'')', :'s')), 'MO422: unknown field reason', 'unknown fields are named');
SELECT is(pg_temp.error_of($$SELECT moai_rest.resume_subscription('x', '')$$), 'MO404: no such subscription / id = ''x''', 'a malformed id is the id of nothing');

SELECT * FROM finish();
ROLLBACK;
