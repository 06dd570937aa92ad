BEGIN;
\ir ../helpers.psql
SELECT plan(2);

SELECT moai_private.lock_patiently(3, '0'), moai_private.lock_patiently(4, '0') \g /dev/null
SELECT moai.leave_office() \g /dev/null
SELECT is_empty('SELECT FROM pg_locks WHERE locktype = ''advisory'' AND pid = pg_backend_pid() AND objid IN (3, 4)', 'nothing is held any more');
SELECT is_definer('moai', 'leave_office', 'it runs as the owner');

SELECT * FROM finish();
ROLLBACK;
