BEGIN;
\ir ../helpers.psql
SELECT plan(6);

SELECT pg_temp.subscribe('rest/pause_subscription') AS s \gset
SELECT is((SELECT concat_ws(' ', status, body::json ->> 'state', body::json ->> 'state_reason') FROM moai_rest.pause_subscription(:'s', '{"reason":"moving"}')), '200 paused moving', 'it is paused, and says why');
SELECT is((SELECT concat_ws(' ', status, body::json ->> 'state', body::json ->> 'state_reason') FROM moai_rest.pause_subscription(:'s', document)), '200 paused', 'a reason is not needed') FROM unnest(ARRAY['', '{}']) AS document;
SELECT is(pg_temp.error_of(format('SELECT moai_rest.pause_subscription(%L, ''{"why":"x"}'')', :'s')), 'MO422: unknown field why', 'unknown fields are named');
SELECT is(pg_temp.error_of(format('SELECT moai_rest.pause_subscription(%L, ''{"reason":1}'')', :'s')), 'MO422: reason is not a string / reason = 1', 'a reason is text');
SELECT is(pg_temp.error_of($$SELECT moai_rest.pause_subscription('x', '')$$), 'MO404: no such subscription / id = ''x''', 'a malformed id is the id of nothing');

SELECT * FROM finish();
ROLLBACK;
