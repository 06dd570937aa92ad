BEGIN;
\ir ../helpers.psql
SELECT plan(8);

SELECT moai.publish_jsonb('a', '{"b": 1.0, "a": [1, 2], "b": 2.50}', tenant => 'publish_jsonb') AS e \gset
SELECT is(payload::text, '{"a": [1, 2], "b": 2.50}', 'a jsonb payload is kept as PostgreSQL writes it out') FROM moai_private.event WHERE id = :'e';
SELECT moai.publish_jsonb('a', to_jsonb('x'::text), 'k', 'publish_jsonb') AS k \gset
SELECT is(moai.publish_jsonb('a', '"x"'::jsonb, 'k', 'publish_jsonb'), :'k'::uuid, 'a repeated key gives the first event''s id');
SELECT is(moai.publish('a', '"x"', 'k', 'publish_jsonb'), :'k'::uuid, 'keys are shared with moai.publish');
SELECT is(pg_temp.error_of($$SELECT moai.publish_jsonb('a', '2', 'k', 'publish_jsonb')$$), format('MO409: idempotency_key was used for an event of other content / idempotency_key = ''k'', event = %s', :'k'), 'other content is a conflict');
SELECT is(pg_temp.error_of($$SELECT moai.publish_jsonb('a', NULL)$$), 'MO422: payload is missing', 'a payload is needed');
SELECT is(pg_temp.error_of($$SELECT moai.publish_jsonb('a b', '1')$$), 'MO422: type is not an event type / type = ''a b''', 'its arguments are checked as those of moai.publish');
SELECT is(pg_temp.error_of($$SELECT moai.publish_jsonb('a', to_jsonb(repeat('x', 1048575)))$$), 'MO422: payload is 1048577 bytes long, 1048576 are allowed', 'so is the size');
SELECT is_definer('moai', 'publish_jsonb', 'it runs as the owner');

SELECT * FROM finish();
ROLLBACK;
