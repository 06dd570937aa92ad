BEGIN;
\ir ../helpers.psql
SELECT plan(3);

SELECT pg_temp.subscribe('worker/endpoints') AS s \gset
SELECT is_empty(format('SELECT FROM moai.endpoints() WHERE subscription_id = %L', :'s'), 'an endpoint that has room is not told of');
SELECT pg_temp.publish('worker/endpoints') \g /dev/null
UPDATE moai_private.delivery SET parked = true WHERE subscription_id = :'s';
SELECT moai.record_breakers('w', format('[{"subscription_id":"%s","is_open":true,"probe_in_us":60000000,"consecutive_failures":20,"times_opened":1,"reason":"dns"}]', :'s')::json) \g /dev/null
SELECT ok(has_parked AND probe_in_us BETWEEN 1 AND 60000000 AND reason = 'dns', 'what is parked and open now is') FROM moai.endpoints() WHERE subscription_id = :'s';
SELECT is_definer('moai', 'endpoints', 'it runs as the owner');

SELECT * FROM finish();
ROLLBACK;
