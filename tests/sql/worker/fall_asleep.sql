-- Whether it is granted is the living publishers' and workers' matter: what is tested is that the answer is true, and that it looks in any case.
BEGIN;
\ir ../helpers.psql
SELECT plan(4);

SELECT pg_temp.subscribe('fall_asleep') \g /dev/null
SELECT pg_temp.publish('fall_asleep') AS e \gset
CREATE TEMP TABLE a AS SELECT * FROM moai.fall_asleep('tester', 1, '0');
SELECT is(event_id, :'e'::uuid, 'granted or not, it looks') FROM a;
SELECT is(asleep, EXISTS (SELECT FROM pg_locks AS l WHERE l.locktype = 'advisory' AND l.classid = 1836016993 AND l.objid = 1 AND l.mode = 'ExclusiveLock'
    AND l.pid = pg_backend_pid() AND l.granted), 'asleep says whether this session has the flag') FROM a;
SELECT is(pg_temp.error_of($$SELECT moai.fall_asleep('w', 0, '0')$$), 'MO422: max_count is outside of 1 to 10000 / max_count = 0', 'max_count is checked');
SELECT is_definer('moai', 'fall_asleep', 'it runs as the owner');

SELECT moai.leave_office() \g /dev/null
SELECT * FROM finish();
ROLLBACK;
