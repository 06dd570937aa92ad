BEGIN;
\ir ../helpers.psql
SELECT plan(19);

CREATE FUNCTION pg_temp.read(value json) RETURNS text LANGUAGE sql
RETURN (SELECT coalesce(i.code || ' ' || i.message, format('%s %s %s %s %s', i.type, i.payload, coalesce(i.idempotency_key, '-'), i.tenant, i.idempotency_ttl))
        FROM moai_private.read_batch_item(read.value, NULL, 0, true, clock_timestamp()) AS i);

SELECT is(pg_temp.read('{"type": "a", "payload": {"x" : 1.0}}'), 'a {"x" : 1.0} - default 24:00:00', 'type and payload are enough');
SELECT is(pg_temp.read('{"tenant": "t", "idempotency_ttl": "2 h", "idempotency_key": "k", "payload": null, "type": "a"}'), 'a null k t 02:00:00', 'every field is read, and null is a payload');
SELECT is(pg_temp.read('{"type": "a", "payload": 1, "tenant": null, "idempotency_ttl": null, "idempotency_key": null}'), 'a 1 - default 24:00:00', 'null is the default');
SELECT is(pg_temp.read(value::json), 'MO422 ' || message, 'refused: ' || left(value, 60))
FROM (VALUES
    ('1', 'the document is not an object'),
    ('{"type": "a", "payload": 1, "Payload": 2}', 'unknown field "Payload"'),
    ('{"type": "a", "payload": 1, "payload": 2}', 'payload is given 2 times'),
    ('{"payload": 1}', 'type is missing'),
    ('{"type": "a"}', 'payload is missing'),
    ('{"type": 5, "payload": 1}', 'type is not a string'),
    ('{"type": "a b", "payload": 1}', 'type is not an event type'),
    ('{"type": "a", "payload": 1, "idempotency_key": ""}', 'idempotency_key is 0 characters long, 1 to 255 are allowed'),
    ('{"type": "a", "payload": 1, "idempotency_key": 7}', 'idempotency_key is not a string'),
    ('{"type": "a", "payload": 1, "idempotency_ttl": "1 s"}', 'idempotency_ttl is outside of 1 hour to 366 days'),
    ('{"type": "a", "payload": 1, "tenant": ""}', 'tenant is empty'),
    ('{"type": "a", "payload": {"x": ["\u0000"]}}', 'payload holds a character that text cannot'),
    ('{"type": "a", "payload": 1, "idempotency_key": "\udc00"}', 'idempotency_key holds a character that text cannot'),
    ('{"type": "a", "payload": 1e400000}', 'payload cannot be read as jsonb: value overflows numeric format')) AS v(value, message);

SELECT is(pg_temp.error_of($$SELECT moai_private.read_batch_item('{"type": "a b", "payload": 1}', NULL, 7, false, clock_timestamp())$$),
    'MO422: type is not an event type / item 7: type = ''a b''', 'without report the error is raised, naming the item');
SELECT is(pg_temp.error_of($$SELECT moai_private.read_batch_item('{"type": "a"}', NULL, 7, false, clock_timestamp())$$), 'MO422: payload is missing / item 7', 'also where there are no values to show');

SELECT * FROM finish();
ROLLBACK;
