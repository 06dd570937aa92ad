BEGIN;
\ir ../helpers.psql
SELECT plan(3);

CREATE TEMP TABLE slept AS SELECT moai_private.lock_patiently(1, '0') AS asleep;
SELECT moai_private.lock_patiently(4, '0') \g /dev/null
SELECT moai.wake_up() \g /dev/null
SELECT is_empty('SELECT FROM pg_locks WHERE locktype = ''advisory'' AND pid = pg_backend_pid() AND mode = ''ExclusiveLock'' AND objid = 1', 'the flag is down');
SELECT isnt_empty('SELECT FROM pg_locks WHERE locktype = ''advisory'' AND pid = pg_backend_pid() AND objid = 4', 'the office is kept');
SELECT is_definer('moai', 'wake_up', 'it runs as the owner');

SELECT moai.leave_office() \g /dev/null
SELECT * FROM finish();
ROLLBACK;
