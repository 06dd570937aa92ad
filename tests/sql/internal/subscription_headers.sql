BEGIN;
\ir ../helpers.psql
SELECT plan(52);

SELECT is(moai_private.merge_headers(NULL, NULL), NULL, 'without headers there are none');
SELECT is(moai_private.merge_headers(NULL, '{}'), NULL, 'nor with an empty object');
SELECT is(moai_private.merge_headers(NULL, '{"X-A":"1","b":"x y\tz"}'), '{"x-a":"1","b":"x y\tz"}', 'names are kept in lower case, values as they are');
SELECT is(moai_private.merge_headers('{"a":"1","b":"2"}', '{"B":null,"C":"3"}'), '{"a":"1","c":"3"}', 'null takes one away, others come, what is not named stays');
SELECT is(moai_private.merge_headers('{"a":"1"}', '{"A":null,"unknown":null}'), NULL, 'without the last there are none');
SELECT is(moai_private.merge_headers('{"a":"1"}', NULL), '{"a":"1"}', 'no changes change nothing');

SELECT is(pg_temp.error_of(format('SELECT moai_private.merge_headers(NULL, %L)', h)), 'MO422: headers is not an object / headers is ' || jsonb_typeof(h), 'refused: ' || jsonb_typeof(h))
FROM unnest(ARRAY['[]', '"x"', '1', 'true']::jsonb[]) AS h;
SELECT is(pg_temp.error_of(format('SELECT moai_private.merge_headers(NULL, %L)', jsonb_build_object(n, 'x'))), 'MO422: headers has a name that is none / headers has ' || quote_literal(left(n, 64)), 'no name: ' || to_json(left(n, 20)))
FROM unnest(ARRAY['', ' ', 'a b', 'a:', E'a\n', E'a\r\nb', 'ä', 'a/b', repeat('x', 129)]) AS n;
SELECT lives_ok(format('SELECT moai_private.merge_headers(NULL, %L)', jsonb_build_object(repeat('x', 128), repeat('y', 4096))), 'the longest name and the longest value');
SELECT matches(pg_temp.error_of(format('SELECT moai_private.merge_headers(NULL, %L)', jsonb_build_object(n, 'x'))), '^MO422: headers has a name that is reserved', 'reserved: ' || n)
FROM unnest(ARRAY['Host', 'content-length', 'Content-Type', 'TRANSFER-ENCODING', 'connection', 'user-agent', 'expect', 'webhook-id', 'Webhook-X', 'moai-attempt', 'ce-id']) AS n;
SELECT is(pg_temp.error_of(format('SELECT moai_private.merge_headers(NULL, %L)', jsonb_build_object('X-Token', v))), 'MO422: headers has a value that is none / headers has ''X-Token''', 'no value, and it is not told: ' || left(v::text, 20))
FROM unnest(ARRAY['1', 'true', '[]', '{}', '""', '" x"', '"x "', '"\tx"', '"a\nb"', '"a\rb"', '"\u007f"', '"ä"', to_json(repeat('x', 4097))]::jsonb[]) AS v;
SELECT is(pg_temp.error_of($$SELECT moai_private.merge_headers('{"x-token":"a"}', '{"X-Token":"***"}')$$), 'MO422: headers has the stars that stand for a value that is not shown / headers has ''X-Token''', 'what was read is not written back');
SELECT is(pg_temp.error_of($$SELECT moai_private.merge_headers(NULL, '{"X-A":"1","x-a":"2"}')$$), 'MO422: headers has a name twice / headers has ''x-a''', 'names differ by more than their case');
SELECT is(pg_temp.error_of(format('SELECT moai_private.merge_headers(NULL, %L)', (SELECT jsonb_object_agg('h' || n, 'x') FROM generate_series(1, 21) AS n))), 'MO422: headers has 21 names, 20 are allowed', 'no more than 20');
SELECT is(pg_temp.error_of(format('SELECT moai_private.merge_headers(%L, %L)', jsonb_build_object('a', repeat('x', 4096)), jsonb_build_object('b', repeat('x', 4090)))), 'MO422: headers are 8193 bytes long, 8192 are allowed', 'no more than 8 KiB');
SELECT lives_ok(format('SELECT moai_private.merge_headers(%L, %L)', jsonb_build_object('a', repeat('x', 4096)), jsonb_build_object('b', repeat('x', 4089))), '8 KiB are allowed');

SELECT is(moai_private.header_lines('{"b":"2","a":"x y"}'), E'a: x y\nb: 2', 'a line for each, by their names');
SELECT is(moai_private.header_lines(NULL), NULL, 'none are none');
SELECT is(moai_private.shown_headers('{"x-api-key":"1","authorization":"2","cookie":"3","x-region":"eu","my-token":"4","x-secret-thing":"5"}'),
    '{"x-api-key":"***","authorization":"***","cookie":"***","x-region":"eu","my-token":"***","x-secret-thing":"***"}', 'what sounds of a secret is not shown');

SELECT * FROM finish();
ROLLBACK;
