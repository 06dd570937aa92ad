BEGIN;
\ir ../helpers.psql
SELECT plan(25);

SELECT pg_temp.subscribe('insert_events') \g /dev/null
CREATE FUNCTION pg_temp.put(events json, report boolean, at timestamptz DEFAULT clock_timestamp()) RETURNS SETOF text LANGUAGE sql VOLATILE AS $$
    SELECT format('%s: %s', i.item, coalesce(i.code || ' ' || i.message || coalesce(' / ' || nullif(i.detail, ''), ''), CASE WHEN i.duplicate THEN 'again' ELSE 'new' END))
    FROM moai_private.insert_events(put.events, NULL, put.report, false, put.at) AS i $$;
CREATE FUNCTION pg_temp.item(key text, payload integer) RETURNS json LANGUAGE sql
RETURN json_build_object('type', 'a', 'payload', item.payload, 'tenant', 'insert_events', 'idempotency_key', item.key);

-- Limits.
SELECT is(pg_temp.error_of($$SELECT pg_temp.put('[]', true)$$), 'MO422: events has 0 items, 1 to 1000 are allowed', 'an empty batch is refused');
SELECT is(pg_temp.error_of($$SELECT pg_temp.put((SELECT json_agg(pg_temp.item(NULL, n)) FROM generate_series(1, 1001) AS n), true)$$),
    'MO422: events has 1001 items, 1 to 1000 are allowed', 'a batch of 1001 is refused');
SELECT is((SELECT count(*) FROM pg_temp.put((SELECT json_agg(pg_temp.item(NULL, n)) FROM generate_series(1, 1000) AS n), true) AS p WHERE p LIKE '%new'), 1000::bigint, 'a batch of 1000 is taken');
SELECT results_eq($$SELECT pg_temp.put(json_build_array(pg_temp.item(NULL, 1)), false)$$, $$VALUES ('0: new')$$, 'a batch of one is taken');
SELECT is(pg_temp.error_of($$SELECT pg_temp.put('{"type": "a", "payload": 1}', true)$$), 'MO422: events is not an array / events is object', 'an object is no batch');
SELECT is(pg_temp.error_of($$SELECT pg_temp.put(NULL, true)$$), 'MO422: events is not an array / events is null', 'NULL is no batch');

-- One bad among good.
SELECT results_eq($$SELECT pg_temp.put('[{"type":"a","payload":1},{"type":"..","payload":2},{"type":"b","payload":"\u0000"},{"type":"a","payload":3,"x":1},{"type":"a","payload":4}]', true)$$,
    $$VALUES ('0: new'), ('1: MO422 type is not an event type / type = ''..'''), ('2: MO422 payload holds a character that text cannot'), ('3: MO422 unknown field x'), ('4: new')$$,
    'with report the good are published and the bad told, in order');
SELECT is(pg_temp.error_of($$SELECT pg_temp.put('[{"type":"a","payload":1},{"type":"..","payload":2}]', false)$$),
    'MO422: type is not an event type / item 1: type = ''..''', 'without report the first bad item raises its error and its number');
SELECT results_eq($$SELECT pg_temp.put('[1, {"type": ""}]', true)$$, $$VALUES ('0: MO422 the document is not an object / it is number'), ('1: MO422 type is missing')$$, 'all may be bad');
SELECT results_eq($$SELECT pg_temp.put('[{"type":"a","payload":1,"tenant":"insert_events"}, 7]', true) LIMIT 1$$, $$VALUES ('0: new')$$, 'a bad item takes nothing from a good one');

-- Keys.
CREATE TEMP TABLE twice AS SELECT * FROM moai_private.insert_events(
    json_build_array(pg_temp.item('b', 1), pg_temp.item('a', 2), pg_temp.item('b', 1), pg_temp.item('a', 3), pg_temp.item(NULL, 4)), NULL, true, false, clock_timestamp());
SELECT is((SELECT string_agg(coalesce(code, duplicate::text), ' ' ORDER BY item) FROM twice), 'false false true MO409 false',
    'the same key twice: the first item wins, the same content is a duplicate, other content a conflict');
SELECT is(detail, format('idempotency_key = ''a'', event = %s', (SELECT id FROM twice WHERE item = 1)), 'the conflict names the event that won') FROM twice WHERE item = 3;
SELECT is(count(*), 2::bigint, 'a key stands for one event') FROM moai_private.event AS e JOIN moai_private.idempotency_key AS k ON k.event_id = e.id AND k.tenant = 'insert_events';
SELECT is(min(i.id::text), max(i.id::text), 'a duplicate has the id of the first')
FROM moai_private.insert_events(json_build_array(pg_temp.item('b', 1), pg_temp.item('c', 1), pg_temp.item('b', 1)), NULL, true, false, clock_timestamp()) AS i WHERE i.item <> 1;
SELECT results_eq($$SELECT pg_temp.put(json_build_array(pg_temp.item('c', 1), pg_temp.item('d', 1)), true)$$, $$VALUES ('0: again'), ('1: new')$$, 'a key of an earlier batch is a duplicate');
SELECT matches(pg_temp.error_of($$SELECT pg_temp.put(json_build_array(pg_temp.item('e', 1), pg_temp.item('c', 2)), false)$$),
    '^MO409: idempotency_key was used for an event of other content / item 1: idempotency_key = ''c'', event = ', 'without report a conflict raises its error and its number');
SELECT is_empty($$SELECT FROM moai_private.idempotency_key WHERE tenant = 'insert_events' AND key = 'e'$$, 'and nothing is published');
SELECT ok(i.code = 'MO409' AND i.id IS NULL AND i.duplicate IS NULL AND i.hint <> '', 'a conflict has neither id nor duplicate')
FROM moai_private.insert_events(json_build_array(pg_temp.item('c', 2)), NULL, true, false, clock_timestamp()) AS i;
SELECT is((SELECT count(*) FROM pg_temp.put((SELECT json_agg(pg_temp.item('many' || n % 500, n % 500)) FROM generate_series(1, 1000) AS n), true) AS p WHERE p LIKE '%new'), 500::bigint, '1000 items with 500 keys are 500 events');
SELECT results_eq($$SELECT pg_temp.put(json_build_array(pg_temp.item('c', 2)), true, clock_timestamp() + interval '25 h')$$, $$VALUES ('0: new')$$, 'an expired key is a new event');

-- Fan-out and fidelity.
CREATE TEMP TABLE two AS SELECT * FROM moai_private.insert_events(json_build_array(pg_temp.item(NULL, 1), pg_temp.item('c2', 2), pg_temp.item('c2', 2)), NULL, true, false, clock_timestamp());
SELECT is(count(*), 2::bigint, 'each event of a batch is fanned out once') FROM moai_private.delivery AS d WHERE d.event_id IN (SELECT id FROM two);
CREATE TEMP TABLE kept AS SELECT * FROM moai_private.insert_events('[{"type":"a","payload": {"b" : 1.50,"a":[ ]} },{"payload":"\u00e9\/\n\ud83d\ude00","type":"a"},{"type":"a","payload":-0.0E+2},{"type":"a","payload":null},{"type":"a","payload":{"x":1,"x":2}}]', NULL, true, false, clock_timestamp());
SELECT results_eq($$SELECT e.payload::text FROM kept AS i JOIN moai_private.event AS e ON e.id = i.id ORDER BY i.item$$,
    $$VALUES ('{"b" : 1.50,"a":[ ]}'), ('"\u00e9\/\n\ud83d\ude00"'), ('-0.0E+2'), ('null'), ('{"x":1,"x":2}')$$, 'payloads keep their bytes');
SELECT is(count(DISTINCT i.id), 1000::bigint, 'all ids differ') FROM moai_private.insert_events((SELECT json_agg(pg_temp.item(NULL, n)) FROM generate_series(1, 1000) AS n), NULL, true, false, clock_timestamp()) AS i;
SELECT is(pg_temp.error_of($$SELECT pg_temp.put(json_build_array(json_build_object('type', 'a', 'payload', repeat('x', 1048575))), false)$$), 'MO422: payload is 1048577 bytes long, 1048576 are allowed / item 0', 'the limit of a payload holds in a batch');
CREATE TEMP TABLE large AS SELECT * FROM moai_private.insert_events(json_build_array(json_build_object('type', 'a', 'payload', repeat('x', 1048574))), NULL, false, false, clock_timestamp());
SELECT is(octet_length(e.payload::text), 1048576, '1 MiB goes through a batch') FROM large AS i JOIN moai_private.event AS e ON e.id = i.id;

SELECT * FROM finish();
ROLLBACK;
