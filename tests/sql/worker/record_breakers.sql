BEGIN;
\ir ../helpers.psql
SELECT plan(5);

SELECT pg_temp.subscribe('record_breakers') AS s \gset
SELECT moai.record_breakers('w', format('[{"subscription_id":"%s","is_open":true,"probe_in_us":60000000,"consecutive_failures":20,"times_opened":1,"reason":"dns"}]', :'s')::json) \g /dev/null
SELECT ok(breaker = 'open' AND breaker_until - breaker_since = '1 minute' AND breaker_until > clock_timestamp() AND breaker_reason = 'dns', 'it is open from now on') FROM moai.subscription WHERE id = :'s';
SELECT is(pg_temp.error_of('SELECT moai.record_breakers(NULL, ''[]'')'), 'MO422: worker is missing', 'who says so must be told');
SELECT is(pg_temp.error_of(format('SELECT moai.record_breakers(''w'', %L)', c)), 'MO422: changes is not an array / changes is ' || what, 'refused: ' || what) FROM (VALUES ('{}', 'object'), (NULL, 'null')) AS bad(c, what);
SELECT is_definer('moai', 'record_breakers', 'it runs as the owner');

SELECT * FROM finish();
ROLLBACK;
