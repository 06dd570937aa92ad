BEGIN;
\ir ../helpers.psql
SELECT plan(33);

SELECT pg_temp.subscribe('rest/publish') AS s \gset
SELECT status, body::json ->> 'id' AS e, body::json ->> 'duplicate' AS duplicate FROM moai_rest.publish('{"type": "user.created", "tenant": "rest/publish", "payload": {"b":1.0,  "a":"\u0041","a":2}}', NULL) \gset
SELECT results_eq(format('VALUES (%s, %L)', :'status', :'duplicate'), $$VALUES (202, 'false')$$, 'an event is taken: 202, its id, and that it is new');
SELECT is((SELECT payload::text FROM moai.event WHERE id = :'e'), '{"b":1.0,  "a":"\u0041","a":2}', 'its payload keeps its bytes');
SELECT is((SELECT count(*) FROM moai.delivery WHERE event_id = :'e'), 1::bigint, 'and is owed to the subscription');
SELECT body::json ->> 'id' AS k FROM moai_rest.publish('{"type":"a","payload":1,"tenant":"rest/publish"}', 'key') \gset
SELECT results_eq($$SELECT status, body::json ->> 'id', body::json ->> 'duplicate' FROM moai_rest.publish('{"type":"a","payload":1,"tenant":"rest/publish"}', 'key')$$,
    format($$VALUES (202, %L, 'true')$$, :'k'), 'the header is an idempotency key');
SELECT is((SELECT body::json ->> 'id' FROM moai_rest.publish('{"type":"a","payload":1,"tenant":"rest/publish","idempotency_key":"key"}', NULL)), :'k', 'so is the field');
SELECT is((SELECT body::json ->> 'id' FROM moai_rest.publish('{"type":"a","payload":1,"tenant":"rest/publish","idempotency_key":"key"}', 'key')), :'k', 'both, if they agree');
SELECT is((SELECT status FROM moai_rest.publish('{"type":"a","payload":null,"tenant":"rest/publish"}', NULL)), 202, 'null is a payload');
SELECT is(pg_temp.error_of(format('SELECT moai_rest.publish(%L, %L)', document, header)), m, 'refused: ' || m)
FROM (VALUES
    ('{"type":"a","payload":1,"tenant":"rest/publish","idempotency_key":"other"}', 'key', 'MO422: the header Idempotency-Key and the field idempotency_key differ / header = ''key'', field = ''other'''),
    ('{"type":"a","payload":2,"tenant":"rest/publish"}', 'key', 'MO409: idempotency_key was used for an event of other content / idempotency_key = ''key'', event = ' || :'k'),
    ('[{"type":"a","payload":1}]', 'key', 'MO422: the header Idempotency-Key cannot go with an array'),
    ('{"type":"a","payload":1}', repeat('x', 256), 'MO422: idempotency_key is 256 characters long, 1 to 255 are allowed'),
    ('{"payload":1}', NULL, 'MO422: type is missing'), ('{"type":"","payload":1}', NULL, 'MO422: type is missing'), ('{"type":1,"payload":1}', NULL, 'MO422: type is not a string / type = 1'),
    ('{"type":"a b","payload":1}', NULL, 'MO422: type is not an event type / type = ''a b'''), ('{"type":"a"}', NULL, 'MO422: payload is missing'),
    ('{"type":"a","payload":1,"Payload":2}', NULL, 'MO422: unknown field "Payload"'), ('{"type":"a","payload":"\u0000"}', NULL, 'MO422: payload holds a character that text cannot'),
    ('{"type":"a","payload":1e400000}', NULL, 'MO422: payload cannot be read as jsonb: value overflows numeric format'),
    ('{"type":"a","payload":1,"tenant":""}', NULL, 'MO422: tenant is empty'), ('{"type":"a","payload":1,"idempotency_ttl":"1 s"}', NULL, 'MO422: idempotency_ttl is outside of 1 hour to 366 days / idempotency_ttl = ''00:00:01'''),
    ('{"type":"a","payload":1,"idempotency_ttl":"soon"}', NULL, 'MO422: idempotency_ttl is not an interval / idempotency_ttl = ''soon'''),
    ('"x"', NULL, 'MO422: the document is not an object / it is string'), ('[]', NULL, 'MO422: events has 0 items, 1 to 1000 are allowed')
) AS bad(document, header, m);

-- moai_private.publish_array( is the array's part.
SELECT status, body::json AS body FROM moai_rest.publish('[{"type":"a","payload":{"x": 1.00},"tenant":"rest/publish"},{"type":"a","payload":"\ud800"},{"type":"b","payload":2,"tenant":"rest/publish","idempotency_key":"batch"},{"type":"b","payload":2,"tenant":"rest/publish","idempotency_key":"batch"}]', NULL) \gset
SELECT is(:status, 202, 'an array with a good item is taken');
SELECT is((SELECT payload::text FROM moai.event WHERE id = (:'body'::json #>> '{items,0,id}')::uuid), '{"x": 1.00}', 'payloads keep their bytes');
SELECT is((:'body'::json #> '{items,1}')::text, '{"code":"MO422","detail":"payload holds a character that text cannot","hint":"Leave out \\u0000 and lone surrogates."}', 'a bad item tells why');
SELECT is(:'body'::json #>> '{items,2,id}', :'body'::json #>> '{items,3,id}', 'keys hold within the array');
SELECT is((:'body'::json #>> '{items,2,duplicate}') || (:'body'::json #>> '{items,3,duplicate}'), 'falsetrue', 'the second is the duplicate');
SELECT results_eq($$SELECT status, body FROM moai_rest.publish('[{"payload":1}]', NULL)$$,
    $$VALUES (422, '{"items":[{"code":"MO422","detail":"type is missing","hint":"Give the event type, for example \"user.created\"."}]}')$$, 'with none it is refused, item by item');
SELECT ok(octet_length(b.body) < 65536 AND json_array_length(b.body::json -> 'items') = 1000 AND b.status = 422, 'the errors of 1000 items stay below 64 KiB')
FROM moai_rest.publish((SELECT json_agg(json_build_object('type', 'a b', 'payload', i))::text FROM generate_series(1, 1000) AS i), NULL) AS b;
SELECT ok(octet_length(b.body) < 65536 AND json_array_length(b.body::json -> 'items') = 1000 AND b.status = 202, 'so do the ids of 1000 events')
FROM moai_rest.publish((SELECT json_agg(json_build_object('type', 'a', 'payload', i, 'tenant', 'rest/publish'))::text FROM generate_series(1, 1000) AS i), NULL) AS b;
SELECT ok('lock_timeout=2s' = ANY (proconfig), 'it waits 2 seconds at most for a key that another transaction holds') FROM pg_proc WHERE oid = 'moai_rest.publish'::regproc;

SELECT * FROM finish();
ROLLBACK;
