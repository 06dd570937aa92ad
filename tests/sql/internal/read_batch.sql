BEGIN;
\ir ../helpers.psql
SELECT plan(9);

CREATE FUNCTION pg_temp.told(i moai_private.batch_item) RETURNS text LANGUAGE sql
RETURN coalesce(i.code || ' ' || i.message || ' / ' || i.detail || ' / ' || i.hint, format('%s %s %s %s %s %s', i.item, i.type, i.payload, coalesce(i.idempotency_key, '-'), i.tenant, i.idempotency_ttl));
CREATE FUNCTION pg_temp.at_once(events json, keys text[] DEFAULT NULL) RETURNS SETOF text LANGUAGE sql VOLATILE AS $$
    SELECT pg_temp.told(i) FROM unnest(moai_private.read_batch(at_once.events, at_once.keys, true, pg_temp.at())) AS i $$;
CREATE FUNCTION pg_temp.one_by_one(events json, keys text[] DEFAULT NULL) RETURNS SETOF text LANGUAGE sql VOLATILE AS $$
    SELECT pg_temp.told(moai_private.read_batch_item(e.value, one_by_one.keys[e.n], (e.n - 1)::integer, true, pg_temp.at()))
    FROM json_array_elements(one_by_one.events) WITH ORDINALITY AS e(value, n) $$;

-- What is read at once and what is read one by one must never differ: whatever is odd about an item, alone and among others.
CREATE TEMP TABLE odd AS SELECT v.value::json AS value FROM (VALUES
    ('1'), ('null'), ('"x"'), ('[]'), ('{}'), ('{"type":"a"}'), ('{"payload":1}'), ('{"type":"a","payload":null}'), ('{"type":"a", "payload" : {"x" : 1.0, "x":[ ]} }'),
    ('{"type":null,"payload":1}'), ('{"type":"","payload":1}'), ('{"type":5,"payload":1}'), ('{"type":"a b","payload":1}'), ('{"type":"a.","payload":1}'), ('{"type":"A-1_.b","payload":1}'), ('{"type":"moai.a","payload":1}'), ('{"type":"moais.a","payload":1}'),
    ('{"type":"a","payload":1,"Payload":2}'), ('{"type":"a","payload":1,"payload":2}'), ('{"type":"a","type":"a","payload":2}'),
    ('{"type":"a","payload":1,"idempotency_key":null}'), ('{"type":"a","payload":1,"idempotency_key":""}'), ('{"type":"a","payload":1,"idempotency_key":7}'),
    ('{"type":"a","payload":1,"idempotency_key":"k"}'), ('{"type":"a","payload":1,"idempotency_key":"\udc00"}'), ('{"type":"a","payload":1,"idempotency_key":"\u0000"}'),
    ('{"type":"a","payload":1,"tenant":null}'), ('{"type":"a","payload":1,"tenant":""}'), ('{"type":"a","payload":1,"tenant":"*"}'), ('{"type":"a","payload":1,"tenant":"t\u0007"}'),
    ('{"type":"a","payload":1,"tenant":["t"]}'), ('{"type":"a","payload":1,"tenant":"some other"}'), ('{"type":"a","payload":1,"idempotency_ttl":"2 h"}'), ('{"type":"a","payload":1,"idempotency_ttl":null}'),
    ('{"type":"a","payload":1,"idempotency_ttl":"PT59M"}'), ('{"type":"a","payload":1,"idempotency_ttl":"367 days"}'), ('{"type":"a","payload":1,"idempotency_ttl":"soon"}'), ('{"type":"a","payload":1,"idempotency_ttl":3600}'),
    ('{"type":"a","payload":"\u0000"}'), ('{"type":"a","payload":"\ud800"}'), ('{"type":"a","payload":1e400000}'), ('{"type":"a","payload":"\u00e9\ud83d\ude00"}'), ('{"\u0000":1,"type":"a","payload":1}')) AS v(value)
UNION ALL SELECT json_build_object('type', repeat('a', n), 'payload', 1) FROM unnest(ARRAY[256, 257]) AS n
UNION ALL SELECT json_build_object('type', 'a', 'payload', 1, 'tenant', repeat('é', n)) FROM unnest(ARRAY[128, 129]) AS n
UNION ALL SELECT json_build_object('type', 'a', 'payload', 1, 'idempotency_key', repeat('é', n)) FROM unnest(ARRAY[255, 256]) AS n
UNION ALL SELECT json_build_object('type', 'a', 'payload', repeat('x', n)) FROM unnest(ARRAY[1048574, 1048575]) AS n
UNION ALL SELECT ('{"type":"a","payload":' || repeat('[', n) || repeat(']', n) || '}')::json FROM unnest(ARRAY[512, 513]) AS n;
CREATE TEMP TABLE readable AS SELECT value FROM odd WHERE value::text !~ '\\u(0000|ud800|udc00)|soon|e400000';

SELECT is_empty($$SELECT left(o.value::text, 100), * FROM odd AS o, pg_temp.at_once(json_build_array(o.value)) AS a, pg_temp.one_by_one(json_build_array(o.value)) AS b WHERE a IS DISTINCT FROM b$$,
    'an item alone is read as by itself');
SELECT results_eq($$SELECT pg_temp.at_once((SELECT json_agg(value) FROM odd))$$, $$SELECT pg_temp.one_by_one((SELECT json_agg(value) FROM odd))$$, 'all of them together, too');
SELECT results_eq($$SELECT pg_temp.at_once((SELECT json_agg(value) FROM readable))$$, $$SELECT pg_temp.one_by_one((SELECT json_agg(value) FROM readable))$$,
    'and without those that stop the reading at once');
SELECT is((SELECT string_agg(t.tells, ', ') FROM pg_temp.at_once('[{"type":"a","payload":1},{"type":"a","payload":2,"idempotency_key":"field"},{"type":"a","payload":3,"idempotency_key":"field"}]', '{header,field,NULL}') AS t(tells)),
    '0 a 1 header default 24:00:00, 1 a 2 field default 24:00:00, 2 a 3 field default 24:00:00', 'a key may come beside the item, in it, or both');
SELECT is((SELECT string_agg(t.tells, ', ') FROM pg_temp.at_once('[{"type":"a","payload":1},{"type":"a","payload":2,"idempotency_key":"field"}]', '{NULL,header}') AS t(tells)),
    '0 a 1 - default 24:00:00, MO422 the header Idempotency-Key and the field idempotency_key differ / header = ''header'', field = ''field'' / Give one of them.', 'but not two of them');
SELECT is((SELECT left(t.tells, 68) FROM pg_temp.at_once('[{"type":"a","payload":1}]', ARRAY[repeat('x', 256)]) AS t(tells)), 'MO422 idempotency_key is 256 characters long, 1 to 255 are allowed /', 'the limits of keys hold there, too');
SELECT ok(count(DISTINCT i.id) = count(*) AND count(*) > 10, 'each good item has an id of its own') FROM unnest(moai_private.read_batch((SELECT json_agg(value) FROM odd), NULL, true, pg_temp.at())) AS i WHERE i.code IS NULL;
SELECT ok(bool_and(i.id BETWEEN moai_private.uuid_v7_floor(pg_temp.at()) AND moai_private.uuid_v7_floor(pg_temp.at('1 s')) AND i.id::text ~ '^.{14}7.{4}[89ab]') AND count(*) = 2, 'a UUIDv7 of that time')
FROM unnest(moai_private.read_batch('[{"type":"a","payload":1},{"type":"a b","payload":2},{"type":"a","payload":3}]', NULL, true, pg_temp.at())) AS i WHERE i.code IS NULL;
SELECT is(pg_temp.error_of($$SELECT moai_private.read_batch('[{"type":"a","payload":1},{"type":"a b","payload":2}]', NULL, false, pg_temp.at())$$),
    'MO422: type is not an event type / item 1: type = ''a b''', 'without report the first bad one is raised, with its number');

SELECT * FROM finish();
ROLLBACK;
