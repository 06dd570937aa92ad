BEGIN;
\ir ../helpers.psql
SELECT plan(16);

SELECT pg_temp.subscribe('insert_event') \g /dev/null
CREATE FUNCTION pg_temp.put(key text, payload json, at timestamptz, type text DEFAULT 'user.created', tenant text DEFAULT 'insert_event') RETURNS text LANGUAGE sql VOLATILE
RETURN (SELECT i.id || CASE WHEN i.duplicate THEN ' again' ELSE '' END FROM moai_private.insert_event(put.type, put.payload, put.key, put.tenant, '24 h', put.at) AS i);
SELECT clock_timestamp() AS now \gset

SELECT pg_temp.put('k', '{"b":1,"a":2}', :'now') AS first \gset
SELECT results_eq(format('SELECT published_at, tenant, type, payload::text FROM moai_private.event WHERE id = %L', :'first'),
    format('VALUES (%L::timestamptz, %L, %L, %L)', :'now', 'insert_event', 'user.created', '{"b":1,"a":2}'), 'an event is stored as it was published');
SELECT ok(:'first'::uuid >= moai_private.uuid_v7_floor(:'now') AND :'first'::uuid < moai_private.uuid_v7_floor(:'now'::timestamptz + interval '1 ms'), 'its id carries the time');
SELECT is(pg_temp.put('k', '{"b":1,"a":2}', :'now'), :'first' || ' again', 'the same key and content give the first event''s id');
SELECT is(count(*), 1::bigint, 'and no second event') FROM moai_private.event AS e WHERE e.tenant = 'insert_event' AND e.published_at = :'now';
SELECT is(count(*), 1::bigint, 'nor a second delivery') FROM moai_private.delivery WHERE event_id = :'first';
SELECT is(pg_temp.error_of(format($$SELECT pg_temp.put('k', '{"b":1,"a":3}', %L)$$, :'now')),
    format('MO409: idempotency_key was used for an event of other content / idempotency_key = ''k'', event = %s', :'first'), 'other content is a conflict that names the first event');
SELECT is(pg_temp.error_of(format($$SELECT pg_temp.put('k', '{"b":1, "a":2}', %L)$$, :'now')),
    format('MO409: idempotency_key was used for an event of other content / idempotency_key = ''k'', event = %s', :'first'), 'other bytes are other content');
SELECT is(pg_temp.error_of(format($$SELECT pg_temp.put('k', '{"b":1,"a":2}', %L, 'user.changed')$$, :'now')),
    format('MO409: idempotency_key was used for an event of other content / idempotency_key = ''k'', event = %s', :'first'), 'another type is other content');
SELECT is(payload::text, '{"b":1,"a":2}', 'the first event stands') FROM moai_private.event WHERE id = :'first';
SELECT unalike(pg_temp.put('k', '{}', :'now', tenant => 'insert_event/2'), '%again', 'another tenant may use the key');
SELECT is(pg_temp.put('k', '{"b":1,"a":2}', :'now'::timestamptz + interval '23:59:59'), :'first' || ' again', 'a key stands for its time to live');
SELECT unalike(pg_temp.put('k', '{"c":1}', :'now'::timestamptz + interval '24:00:00'), '%again', 'an expired key is a new event');
SELECT isnt(pg_temp.put(NULL, '{}', :'now'), pg_temp.put(NULL, '{}', :'now'), 'without a key each publishing is an event');

SELECT lives_ok(format('SELECT pg_temp.put(NULL, %L, %L)', '{}', :'now'::timestamptz + interval '2 years 11 months'), 'publishing works at +2 years 11 months, no worker needed');
SELECT lives_ok(format('SELECT pg_temp.put(NULL, %L, %L)', '{}', :'now'::timestamptz - interval '7 days'), 'publishing works with the clock set back by a week');
SELECT is(pg_temp.error_of($$SELECT moai_private.insert_event('a', '1', NULL, NULL, '24 h', now())$$), 'MO422: tenant is empty', 'a tenant is needed');

SELECT * FROM finish();
ROLLBACK;
