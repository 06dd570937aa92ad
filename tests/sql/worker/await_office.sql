-- Whether it is granted is the living workers' matter: what is tested is that the answer is true.
BEGIN;
\ir ../helpers.psql
SELECT plan(4);

SELECT pg_temp.subscribe('await_office') \g /dev/null
SELECT pg_temp.publish('await_office') AS e \gset
CREATE TEMP TABLE a AS SELECT * FROM moai.await_office('tester', 1, '0');
SELECT is(event_id, CASE WHEN NOT in_office THEN :'e'::uuid END, 'granted, it leaves looking to the worker; refused, it looks') FROM a;
SELECT is(in_office, EXISTS (SELECT FROM pg_locks AS l WHERE l.locktype = 'advisory' AND l.classid = 1836016993 AND l.objid = 2 AND l.pid = pg_backend_pid() AND l.granted),
    'in_office says whether this session has the lock') FROM a;
SELECT is((SELECT count(*) FROM moai.await_office('tester', 1, '0')), 1::bigint, 'there is always a row');
SELECT is_definer('moai', 'await_office', 'it runs as the owner');

SELECT moai.leave_office() \g /dev/null
SELECT * FROM finish();
ROLLBACK;
