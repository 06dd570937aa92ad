BEGIN;
\ir ../helpers.psql
SELECT plan(6);

SELECT pg_temp.subscribe('rest/get_subscription') AS s \gset
SELECT status, body::json AS body FROM moai_rest.get_subscription(:'s') \gset
SELECT is(:status, 200, 'it answers 200');
SELECT is(:'body'::jsonb - 'key_id', format('{"id":"%s","tenant":"rest/get_subscription","url":"https://receiver.test/%1$s","event_types":["*"],"format":"standard","method":"POST","headers":null,"description":null,"state":"active","state_reason":null,"timeout":"PT15S",
    "max_attempts":3,"retry_base":"PT5S","retry_factor":5,"retry_cap":"PT24H","retry_jitter":0,"retry_schedule":null,"give_up_on":null,"max_in_flight":null,"rate_limit":null,"breaker":{"state":"closed"},"disable_after":null,"failing_since":null,"public_key":null,"old_secrets_until":null,"created_at":"2000-01-01T00:00:00.000000Z","updated_at":"2000-01-01T00:00:00.000000Z"}', :'s')::jsonb, 'the subscription, never its secret');
SELECT moai.delete_subscription(:'s') \g /dev/null
SELECT is((SELECT body::json ->> 'state' FROM moai_rest.get_subscription(:'s')), 'deleted', 'a deleted one stays to be read');
SELECT is(pg_temp.error_of($$SELECT moai_rest.get_subscription('x')$$), 'MO404: no such subscription / id = ''x''', 'a malformed id is the id of nothing');
SELECT is(pg_temp.error_of($$SELECT moai_rest.get_subscription('{00000000-0000-7000-8000-000000000000}')$$), 'MO404: no such subscription / id = ''{00000000-0000-7000-8000-000000000000}''', 'whatever uuid''s input would make of it');
SELECT is(pg_temp.error_of($$SELECT moai_rest.get_subscription('00000000-0000-7000-8000-000000000000')$$), 'MO404: no such subscription / id = 00000000-0000-7000-8000-000000000000', 'so is an unknown one');

SELECT * FROM finish();
ROLLBACK;
