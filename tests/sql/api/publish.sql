BEGIN;
\ir ../helpers.psql
SELECT plan(53);

SELECT pg_temp.subscribe('publish', '{user.*}') AS s \gset
SELECT moai.publish('user.created', '{"userId": "123"}', tenant => 'publish') AS e \gset
SELECT results_eq(format('SELECT d.subscription_id, d.due_at <= clock_timestamp() FROM moai_private.delivery AS d WHERE d.event_id = %L', :'e'),
    format('VALUES (%L::uuid, true)', :'s'), 'the delivery is there within the publisher''s transaction, due at once');
SELECT moai.publish(type => 'user.created', payload => '{"userId": "123"}', idempotency_key => 'k', tenant => 'publish', idempotency_ttl => '1 h') AS k \gset
SELECT is(moai.publish('user.created', '{"userId": "123"}', 'k', 'publish'), :'k'::uuid, 'a repeated key gives the first event''s id');
SELECT is(pg_temp.error_of($$SELECT moai.publish('user.created', '{"userId": "124"}', 'k', 'publish')$$),
    format('MO409: idempotency_key was used for an event of other content / idempotency_key = ''k'', event = %s', :'k'), 'a key used for other content is a conflict');
SELECT moai.publish('a', '1') AS d \gset
SELECT is(tenant, 'default', 'the tenant is default unless said otherwise') FROM moai_private.event WHERE id = :'d';

-- Byte for byte.
CREATE TEMP TABLE corpus (n serial, payload text);
INSERT INTO corpus (payload) VALUES
    ('{"b":1,"a":2}'), ('{ "a" : [ 1 , 2 ] }'), ('{"a":1,"a":2}'), ('{"n":[1.0,1.00,1e2,1E+2,-0,0.10,12345678901234567890.123456789]}'),
    ('"\u00e9 \/ \\ \" \b\f\n\r\t"'), ('"é😀\ud83d\ude00"'), ('{"\u0061":1,"a\u0062":{}}'), ('null'), ('true'), ('0'), ('-1.5e-7'), ('""'), ('[]'), ('{}'),
    (E'{\n\t"a":\r\n1}'), ('"\u2028\u2029\u007f"'), ('"' || U&'\FEFF' || 'x"'), ('1e100000'), (' {"a":1} '),
    ('"' || repeat('x', 1048574) || '"'), (repeat('[', 511) || '[]' || repeat(']', 511)), (repeat('{"a":', 511) || '{}' || repeat('}', 511)),
    ('{"' || repeat('k', 10000) || '":"' || repeat('\u0041', 10000) || '"}');
CREATE TEMP TABLE published AS SELECT c.n, moai.publish('a', c.payload::json, tenant => 'publish') AS id FROM corpus AS c;
SELECT is(e.payload::text, c.payload, 'published byte for byte: ' || left(to_json(c.payload)::text, 40))
FROM corpus AS c JOIN published AS p USING (n) JOIN moai_private.event AS e ON e.id = p.id ORDER BY c.n;
CREATE TEMP TABLE batch AS
SELECT * FROM moai.publish_batch((SELECT ('[' || string_agg('{"type":"a","payload":' || c.payload || '}', ',' ORDER BY c.n) || ']')::json FROM corpus AS c));
SELECT ok(bool_and(e.payload::text = btrim(c.payload, E' \t\r\n')), 'and so through publish_batch, but for the space around')
FROM batch AS b JOIN moai_private.event AS e ON e.id = b.id JOIN corpus AS c ON c.n = b.item + 1;
SELECT is((SELECT count(*) FROM corpus), 23::bigint, 'the corpus is whole');
SELECT pg_temp.subscribe('publish/raw') AS raw \gset
CREATE TEMP TABLE sent AS SELECT c.n, pg_temp.publish('publish/raw', 'a', c.payload::json) AS id FROM corpus AS c;
SELECT ok(bool_and(g.payload = c.payload) AND count(*) = 23, 'a claim hands out the same bytes') FROM moai_private.claim(1000, pg_temp.at()) AS g JOIN sent AS s ON s.id = g.event_id JOIN corpus AS c USING (n);

-- Refused.
SELECT is(pg_temp.error_of(format('SELECT moai.publish(%s)', arguments)), 'MO422: ' || message, 'refused: ' || left(arguments, 60))
FROM (VALUES
    ('NULL, ''1''', 'type is missing'), ('''a'', NULL', 'payload is missing'), ('''a..b'', ''1''', 'type is not an event type / type = ''a..b'''),
    ('E''a\n'', ''1''', E'type is not an event type / type = ''a\n'''), ('''a'', ''1'', ''''', 'idempotency_key is 0 characters long, 1 to 255 are allowed'),
    ('''a'', ''1'', repeat(''k'', 256)', 'idempotency_key is 256 characters long, 1 to 255 are allowed'),
    ('''a'', ''1'', tenant => ''''', 'tenant is empty'), ('''a'', ''1'', tenant => NULL', 'tenant is empty'),
    ('''a'', ''1'', tenant => ''*''', 'tenant is not a tenant''s name / tenant = ''*'''),
    ('''a'', ''1'', idempotency_ttl => ''59 min''', 'idempotency_ttl is outside of 1 hour to 366 days / idempotency_ttl = ''00:59:00'''),
    ('''a'', ''"\u0000"''', 'payload cannot be read as jsonb: unsupported Unicode escape sequence'),
    ('''a'', ''1e400000''', 'payload cannot be read as jsonb: value overflows numeric format')) AS v(arguments, message);
SELECT alike(pg_temp.error_of(format('SELECT moai.publish(%L, %L)', 'a', bad)), '22P02: invalid input syntax for type json / %', 'the type json refuses: ' || bad)
FROM unnest(ARRAY['', 'x', '{"a":1} x', '{"a":}', '''a''']) AS bad;
SELECT lives_ok($$SELECT moai.publish('a', '1', repeat('k', 255), 'publish')$$, 'a key of 255 characters is taken');
SELECT lives_ok($$SELECT moai.publish('a', '1', 'k😀', 'publish')$$, 'a key may be any text');

-- The caller's settings.
SET LOCAL standard_conforming_strings = off; SET LOCAL escape_string_warning = off;
SET LOCAL TimeZone = 'Asia/Kathmandu'; SET LOCAL DateStyle = 'SQL, DMY'; SET LOCAL IntervalStyle = 'sql_standard'; SET LOCAL bytea_output = 'escape'; SET LOCAL quote_all_identifiers = on;
SELECT is(pg_temp.error_of($$SELECT moai.publish('a/b', '1')$$), 'MO422: type is not an event type / type = ''a/b''', 'backslashes in our patterns mean the same in any session');
SELECT is(pg_temp.error_of($$SELECT moai.publish('a', '"\\u0000"')$$), 'MO422: payload cannot be read as jsonb: unsupported Unicode escape sequence', 'and so do those in our words');
SET LOCAL standard_conforming_strings = on;
SELECT is(moai.publish('user.created', '{"userId": "123"}', 'k', 'publish'), :'k'::uuid, 'a key means the same content whatever the session has set');
SELECT is_definer('moai', 'publish', 'it runs as the owner');

SELECT * FROM finish();
ROLLBACK;
