BEGIN;
SELECT plan(4);

SELECT throws_ok($$SELECT moai_private.fail(404, 'no such thing')$$, 'MO404', 'no such thing',
    'the last three characters of the SQLSTATE are the HTTP status');

CREATE FUNCTION pg_temp.parts(OUT detail text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM moai_private.fail(422, 'no', 'x = 1', 'Use 2.');
EXCEPTION WHEN SQLSTATE 'MO422' THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;
SELECT results_eq('SELECT detail, hint FROM pg_temp.parts()', $$VALUES ('x = 1', 'Use 2.')$$, 'an error carries its values and the next step');
SELECT throws_ok($$SELECT moai_private.fail(409, '100 % {sure}')$$, 'MO409', '100 % {sure}', 'a message is not a format');
SELECT volatility_is('moai_private', 'fail', 'stable', 'raising writes nothing');

SELECT * FROM finish();
ROLLBACK;
