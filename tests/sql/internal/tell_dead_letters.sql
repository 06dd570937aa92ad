BEGIN;
\ir ../helpers.psql
SELECT plan(5);

CREATE FUNCTION pg_temp.told(tenant text) RETURNS SETOF jsonb LANGUAGE sql AS $$
SELECT e.payload::jsonb FROM moai_private.event AS e WHERE e.type = 'moai.delivery.dead_lettered' AND e.tenant = told.tenant $$;
SELECT pg_temp.subscribe('tell_dead_letters', '{a}', max_attempts => 1) AS s \gset
SELECT pg_temp.publish('tell_dead_letters', 'a') AS unheard \gset
SELECT pg_temp.complete(json_build_array(pg_temp.result(pg_temp.claim_one(), 'failed', 500, 'http_status')), pg_temp.at('1 s')) AS done \gset
SELECT is(:'done'::text, '0 delivered, 0 retried, 1 dead, 0 released, 0 orphaned', 'it is dead');
SELECT is_empty($$SELECT pg_temp.told('tell_dead_letters')$$, 'of which nobody wants to hear');

SELECT pg_temp.subscribe('tell_dead_letters', '{moai.delivery.*}', max_attempts => 1) AS operator \gset
SELECT pg_temp.publish('tell_dead_letters', 'a') AS e \gset
SELECT pg_temp.complete(json_build_array(pg_temp.result(pg_temp.claim_one(), 'failed', 500, 'http_status')), pg_temp.at('1 s')) \g /dev/null
SELECT is((SELECT told FROM pg_temp.told('tell_dead_letters')), jsonb_build_object('subscription_id', :'s', 'description', NULL, 'delivery_id', :'e' || '_' || :'s', 'event_id', :'e', 'event_type', 'a',
    'attempts', 1, 'reason', 'exhausted', 'http_status', 500, 'error_class', 'http_status'), 'who does hears which, of what type, and why');
-- The event about it: its own delivery dies, too.
UPDATE moai_private.delivery SET due_at = pg_temp.at() WHERE subscription_id = :'operator';
SELECT pg_temp.complete(json_build_array(pg_temp.result(pg_temp.claim_one(), 'failed', 500, 'http_status')), pg_temp.at('1 s')) \g /dev/null
SELECT is((SELECT count(*) FROM moai_private.dead_letter WHERE subscription_id = :'operator'), 1::bigint, 'what tells of it may die itself');
SELECT is((SELECT count(*) FROM pg_temp.told('tell_dead_letters')), 1::bigint, 'and nothing is told of that');

SELECT * FROM finish();
ROLLBACK;
