BEGIN;
\ir ../helpers.psql
SELECT plan(31);

SELECT status, body::json AS body FROM moai_rest.create_subscription('{"url":"https://receiver.test","event_types":["user.*"],"tenant":"rest/create_subscription","retry_base":"PT2S","retry_factor":1.5,"max_attempts":3,"description":"d"}') \gset
SELECT is(:status, 201, 'it answers 201');
SELECT is((:'body'::jsonb) - 'id' - 'key_id' - 'secret' - 'created_at' - 'updated_at',
    '{"tenant":"rest/create_subscription","url":"https://receiver.test","event_types":["user.*"],"format":"standard","method":"POST","headers":null,"description":"d","state":"active","state_reason":null,"timeout":"PT15S","max_attempts":3,
      "retry_base":"PT2S","retry_factor":1.5,"retry_cap":"PT24H","retry_jitter":0.1,"retry_schedule":null,"give_up_on":null,"max_in_flight":null,"rate_limit":null,"breaker":{"state":"closed"},"disable_after":"PT120H","failing_since":null,"public_key":null,"old_secrets_until":null}', 'with the subscription, durations as ISO 8601');
SELECT is((:'body'::json) ->> 'secret', (SELECT secret FROM moai_private.subscription WHERE id = (:'body'::json ->> 'id')::uuid), 'and its secret');
CREATE FUNCTION pg_temp.policy(id text) RETURNS text LANGUAGE sql
RETURN (SELECT ROW(s.format, s.timeout, s.max_attempts, s.retry_base, s.retry_factor, s.retry_cap, s.retry_jitter, s.disable_after, s.method)::text FROM moai_private.subscription AS s WHERE s.id = policy.id::uuid);
SELECT r.body::json ->> 'id' AS by_rest FROM moai_rest.create_subscription('{"url":"http://a","event_types":["a"]}') AS r \gset
SELECT c.id AS by_sql FROM moai.create_subscription('http://a', '{a}') AS c \gset
SELECT is(pg_temp.policy(:'by_rest'), pg_temp.policy(:'by_sql'), 'the defaults are those of moai.create_subscription');
SELECT isnt(pg_temp.policy(:'by_sql'), NULL, 'which has some');
SELECT is(pg_temp.error_of(format('SELECT moai_rest.create_subscription(%L)', document)), 'MO422: ' || m, 'refused: ' || m)
FROM (VALUES
    ('{"event_types":["a"]}', 'url is missing'), ('{"url":"http://a"}', 'event_types has 0 items, 1 to 100 are allowed'), ('{"url":"http://a","event_types":"a"}', 'event_types is not an array of strings / event_types = "a"'),
    ('{"url":"http://a","event_types":[1]}', 'event_types is not a string / event_types = 1'), ('{"url":1,"event_types":["a"]}', 'url is not a string / url = 1'),
    ('{"url":"http://a","event_types":["a"],"timeout":5}', 'timeout is not a string / timeout = 5'), ('{"url":"http://a","event_types":["a"],"timeout":"soon"}', 'timeout is not an interval / timeout = ''soon'''),
    ('{"url":"http://a","event_types":["a"],"timeout":"99999999999 years"}', 'timeout is not an interval / timeout = ''99999999999 years'''),
    ('{"url":"http://a","event_types":["a"],"retry_base":"-5s"}', 'retry_base is outside of 100 ms to 30 days / retry_base = -00:00:05'),
    ('{"url":"http://a","event_types":["a"],"max_attempts":1.5}', 'max_attempts is not an integer in range / max_attempts = 1.5'), ('{"url":"http://a","event_types":["a"],"max_attempts":1e99}', 'max_attempts is not an integer in range / max_attempts = 1e99'),
    ('{"url":"http://a","event_types":["a"],"max_attempts":-1}', 'max_attempts is outside of 1 to 100 / max_attempts = -1'), ('{"url":"http://a","event_types":["a"],"retry_factor":"5"}', 'retry_factor is not a number in range / retry_factor = "5"'),
    ('{"url":"http://a","event_types":["a"],"retry_factor":1e999}', 'retry_factor is not a number in range / retry_factor = 1e999'), ('{"url":"http://a","event_types":["a"],"URL":""}', 'unknown field "URL"'),
    ('{"url":"http://a","event_types":["a"],"retry_schedule":"5s"}', 'retry_schedule is not an array of strings / retry_schedule = "5s"'),
    ('{"url":"http://a","event_types":["a"],"retry_schedule":["5s","soon"]}', 'retry_schedule is not an interval / retry_schedule = ''soon'''),
    ('{"url":"http://a","event_types":["a"],"give_up_on":404}', 'give_up_on is not an array of integers / give_up_on = 404'),
    ('{"url":"http://a","event_types":["a"],"give_up_on":["404"]}', 'give_up_on is not a number in range / give_up_on = "404"'),
    ('{"url":"http://a","event_types":["a"],"give_up_on":[404,null]}', 'give_up_on is not an array of integers / give_up_on = [404,null]'),
    ('{"url":"http://a","event_types":["a"],"max_in_flight":1.5}', 'max_in_flight is not an integer in range / max_in_flight = 1.5'),
    ('{"url":"http://a","event_types":["a"],"rate_limit":"5"}', 'rate_limit is not a number in range / rate_limit = "5"'),
    ('{"url":"http://a","event_types":["a"],"rate_limit":1e9}', 'rate_limit is outside of 0.001 to 1000000 (0: none) / rate_limit = 1000000000'),
    ('{"url":"http://u:p@a","event_types":["a"]}', 'url has credentials'), ('[]', 'the document is not an object / it is array')
) AS bad(document, m);

SELECT results_eq($$SELECT r.body::jsonb -> 'max_attempts', r.body::jsonb -> 'retry_schedule', r.body::jsonb -> 'give_up_on'
        FROM moai_rest.create_subscription('{"url":"http://a","event_types":["a"],"retry_schedule":["PT1S","10 minutes"],"give_up_on":[404,400]}') AS r$$,
    $$VALUES ('3'::jsonb, '["PT1S", "PT10M"]'::jsonb, '[400, 404]'::jsonb)$$, 'lists are lists');

SELECT * FROM finish();
ROLLBACK;
