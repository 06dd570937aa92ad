BEGIN;
SELECT plan(26);

CREATE FUNCTION pg_temp.nested(depth integer, opening text, core text, closing text) RETURNS json LANGUAGE sql
RETURN (repeat(opening, depth - 1) || core || repeat(closing, depth - 1))::json;

SELECT lives_ok(format('SELECT moai_private.check_payload(%L)', p), format('%s is a payload', p))
FROM unnest(ARRAY['{}', '[]', 'null', 'true', '0', '-0.0e-0', '"text"', '""', '"\ud83d\ude00"', '"\\u0000"', '{"a": 1, "a": 2}', '1e100000', ' {"a" : 1 } ']) AS p;

SELECT lives_ok('SELECT moai_private.check_payload((''"'' || repeat(''x'', 1048574) || ''"'')::json)', 'a payload may have 1 MiB');
SELECT throws_ok('SELECT moai_private.check_payload((''"'' || repeat(''x'', 1048575) || ''"'')::json)', 'MO422',
    'payload is 1048577 bytes long, 1048576 are allowed', 'a payload has at most 1 MiB');
SELECT throws_ok('SELECT moai_private.check_payload((''"'' || repeat(''é'', 524288) || ''"'')::json)', 'MO422',
    'payload is 1048578 bytes long, 1048576 are allowed', 'the limit counts bytes, not characters');

SELECT lives_ok(format('SELECT moai_private.check_payload(pg_temp.nested(512, %L, %L, %L))', o, i, c), format('%s may be nested 512 deep', k))
FROM (VALUES ('[', '[]', ']', 'arrays'), ('{"a":', '{}', '}', 'objects')) AS v(o, i, c, k);
SELECT throws_ok(format('SELECT moai_private.check_payload(pg_temp.nested(513, %L, %L, %L))', o, i, c), 'MO422',
    'payload is nested more than 512 deep', format('%s are nested at most 512 deep', k))
FROM (VALUES ('[', '[]', ']', 'arrays'), ('{"a":', '{}', '}', 'objects'), ('[', '[1]', ']', 'filled arrays')) AS v(o, i, c, k);

SELECT throws_ok($$SELECT moai_private.check_payload('{"a": "\u0000"}')$$, 'MO422',
    'payload cannot be read as jsonb: unsupported Unicode escape sequence', '\u0000 is refused');
SELECT throws_ok($$SELECT moai_private.check_payload('"\ud83d"')$$, 'MO422',
    'payload cannot be read as jsonb: invalid input syntax for type json', 'a lone high surrogate is refused');
SELECT throws_ok($$SELECT moai_private.check_payload('"\ude00"')$$, 'MO422',
    'payload cannot be read as jsonb: invalid input syntax for type json', 'a lone low surrogate is refused');
SELECT throws_ok($$SELECT moai_private.check_payload('1e400000')$$, 'MO422',
    'payload cannot be read as jsonb: value overflows numeric format', 'a number beyond numeric is refused');
SELECT throws_ok($$SELECT moai_private.check_payload(NULL)$$, 'MO422', 'payload is missing', 'a payload is needed; JSON null is one');

SELECT * FROM finish();
ROLLBACK;
