BEGIN;
\ir ../helpers.psql
SELECT plan(2);
SELECT lives_ok('SELECT moai.call_for_help() FROM generate_series(1, 3)', 'calling again and again is allowed');
SELECT is_definer('moai', 'call_for_help', 'it runs as the owner');
SELECT * FROM finish();
ROLLBACK;
