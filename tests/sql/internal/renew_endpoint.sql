-- What it tells workers is in tests/cpp/integration/sql_doorbell_test.cpp: nobody hears a transaction that is rolled back.
BEGIN;
\ir ../helpers.psql
SELECT plan(4);

SELECT pg_temp.subscribe('renew_endpoint') AS a, pg_temp.subscribe('renew_endpoint') AS b \gset
SELECT moai.record_breakers('w', format('[{"subscription_id":"%s","is_open":true,"probe_in_us":1,"consecutive_failures":20,"times_opened":1,"reason":"timeout"},
    {"subscription_id":"%s","is_open":true,"probe_in_us":1,"consecutive_failures":20,"times_opened":1,"reason":"timeout"}]', :'a', :'b')::json) \g /dev/null
INSERT INTO moai_private.failing SELECT s, pg_temp.at(), pg_temp.at() FROM unnest(ARRAY[:'a', :'b']::uuid[]) AS s;
SELECT moai_private.renew_endpoint(:'a') \g /dev/null
SELECT results_eq(format('SELECT subscription_id FROM moai_private.endpoint_state WHERE subscription_id IN (%L, %L)', :'a', :'b'), format('VALUES (%L::uuid)', :'b'),
    'what is held against this endpoint is forgotten, and nothing else');
SELECT results_eq(format('SELECT subscription_id FROM moai_private.failing WHERE subscription_id IN (%L, %L)', :'a', :'b'), format('VALUES (%L::uuid)', :'b'), 'so is since when it fails');
SELECT lives_ok(format('SELECT moai_private.renew_endpoint(%L)', :'a'), 'repeating it is harmless');
SET LOCAL moai.doorbell = off;
SELECT moai_private.renew_endpoint(:'b') \g /dev/null
SELECT is_empty(format('SELECT FROM moai_private.endpoint_state WHERE subscription_id = %L', :'b'), 'where nobody may be told, too');

SELECT * FROM finish();
ROLLBACK;
