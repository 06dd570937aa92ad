BEGIN;
SELECT plan(43);

SELECT is(moai_private.json_text('{"a": "x\ud83d\ude00"}', 'a'), 'x😀', 'a string is read with its escapes');
SELECT is(moai_private.json_text('{"a": null}', 'a'), NULL, 'null reads as NULL');
SELECT is(moai_private.json_text('{}', 'a'), NULL, 'an absent field reads as NULL');
SELECT throws_ok(format('SELECT moai_private.json_text(%L, %L)', d, 'a'), 'MO422', 'a is not a string', format('%s holds no string', d))
FROM unnest(ARRAY['{"a": 1}', '{"a": true}', '{"a": {}}', '{"a": ["x"]}']) AS d;

SELECT is(moai_private.json_interval('{"a": "5s"}', 'a'), interval '5 seconds', 'an interval is read as PostgreSQL writes it');
SELECT is(moai_private.json_interval('{"a": "PT1M5S"}', 'a'), interval '65 seconds', 'an interval is read as ISO 8601 writes it');
SELECT is(moai_private.json_interval('{}', 'a'), NULL, 'an absent interval is NULL');
SELECT throws_ok(format('SELECT moai_private.json_interval(%L, %L)', d, 'a'), 'MO422', 'a is not an interval', format('%s holds no interval', d))
FROM unnest(ARRAY['{"a": ""}', '{"a": "soon"}', '{"a": "99999999999999 years"}']) AS d;
SELECT throws_ok($$SELECT moai_private.json_interval('{"a": 5}', 'a')$$, 'MO422', 'a is not a string', 'a bare number is no interval');

SELECT is(moai_private.json_number('{"a": 1.5e1}', 'a'), 15::double precision, 'a number is read');
SELECT is(moai_private.json_number('{"a": null}', 'a'), NULL, 'a null number is NULL');
SELECT throws_ok(format('SELECT moai_private.json_number(%L, %L)', d, 'a'), 'MO422', 'a is not a number in range', format('%s holds no number', d))
FROM unnest(ARRAY['{"a": "1"}', '{"a": 1e400}', '{"a": []}']) AS d;

SELECT is(moai_private.json_integer('{"a": -3.0}', 'a'), -3, 'an integer is read');
SELECT is(moai_private.json_integer('{}', 'a'), NULL, 'an absent integer is NULL');
SELECT throws_ok(format('SELECT moai_private.json_integer(%L, %L)', d, 'a'), 'MO422', 'a is not an integer in range', format('%s holds no integer', d))
FROM unnest(ARRAY['{"a": 1.5}', '{"a": 2147483648}', '{"a": -2147483649}']) AS d;

SELECT is(moai_private.json_texts('{"a": ["x", "y"]}', 'a'), '{x,y}'::text[], 'an array of strings is read in order');
SELECT is(moai_private.json_texts('{"a": []}', 'a'), '{}'::text[], 'an empty array is empty, not NULL');
SELECT is(moai_private.json_texts('{"a": null}', 'a'), NULL, 'a null array is NULL');
SELECT throws_ok($$SELECT moai_private.json_texts('{"a": ["x", null]}', 'a')$$, 'MO422', 'a is not an array of strings', 'null is no element of an array of strings');
SELECT throws_ok($$SELECT moai_private.json_texts('{"a": "x"}', 'a')$$, 'MO422', 'a is not an array of strings', 'a string is no array of strings');
SELECT throws_ok($$SELECT moai_private.json_texts('{"a": [1]}', 'a')$$, 'MO422', 'a is not a string', 'a number is no element of an array of strings');

SELECT lives_ok($$SELECT moai_private.json_refuse_unknown('{"a": 1}', '{a,b}')$$, 'known fields are taken');
SELECT throws_ok($$SELECT moai_private.json_refuse_unknown('{"a": 1, "C d": 1}', '{a,b}')$$, 'MO422', 'unknown field "C d"', 'an unknown field is named');
SELECT throws_ok($$SELECT moai_private.json_refuse_unknown('{"a": 1, "b": 2, "a": 3}', '{a,b}')$$, 'MO422', 'a is given 2 times', 'a field given twice is named');
SELECT throws_ok(format('SELECT moai_private.json_refuse_unknown(%L, %L)', d, '{a}'), 'MO422', 'the document is not an object', format('%s is no object', d))
FROM unnest(ARRAY['[]', '1', 'null']) AS d;
SELECT throws_ok(format('SELECT moai_private.json_refuse_unknown(%L, %L)', d, '{a,b}'), 'MO422', m || ' holds a character that text cannot', 'what cannot be read is named: ' || d)
FROM (VALUES ('{"b": 1, "a": {"x": "\u0000"}}', 'a'), ('{"a": "\ud83d", "b": "\\u0000"}', 'a'), ('{"a": "\ud83d\ude00", "b": "\\\ude00"}', 'b'),
             ('{"\u0000": 1}', 'the name of a field')) AS v(d, m);

SELECT throws_ok(format('SELECT moai_private.json_refuse_unknown(%L, %L)', format('{"%s": "\u0000"}', repeat('n', 70000)), '{a}'), 'MO422',
    repeat('n', 64) || '… holds a character that text cannot', 'of a long name its beginning is told');

CREATE FUNCTION pg_temp.told(document json) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    _detail text;
BEGIN
    PERFORM moai_private.json_text(told.document, 'secret');
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS _detail = PG_EXCEPTION_DETAIL;
    RETURN _detail;
END $$;
SELECT is(pg_temp.told('{"secret":["whsec_hush"]}'), '', 'what stands for a secret is not repeated');
SELECT unalike(pg_temp.told('{"secret":"whsec_hush\u0000"}'), '%hush%', 'whatever is wrong with it');

SELECT * FROM finish();
ROLLBACK;
