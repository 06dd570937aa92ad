-- Whether it is granted is the living publishers' and workers' matter: what is tested is that the answer is true.
BEGIN;
\ir ../helpers.psql
SELECT plan(2);

CREATE TEMP TABLE a AS SELECT moai.fall_asleep('0') AS asleep;
SELECT is(asleep, EXISTS (SELECT FROM pg_locks AS l WHERE l.locktype = 'advisory' AND l.classid = 1836016993 AND l.objid = 1 AND l.mode = 'ExclusiveLock'
    AND l.pid = pg_backend_pid() AND l.granted), 'asleep says whether this session has the flag') FROM a;
SELECT is_definer('moai', 'fall_asleep', 'it runs as the owner');

SELECT moai.leave_office() \g /dev/null
SELECT * FROM finish();
ROLLBACK;
