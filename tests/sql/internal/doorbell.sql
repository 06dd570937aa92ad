-- What several sessions do to each other is in tests/cpp/integration/sql_doorbell_test.cpp; here nobody waits, and whoever is in office stays.
BEGIN;
\ir ../helpers.psql
SELECT plan(8);
CREATE FUNCTION pg_temp.holds(key integer, mode text) RETURNS boolean LANGUAGE sql
AS $$SELECT EXISTS (SELECT FROM pg_locks AS l WHERE l.locktype = 'advisory' AND l.classid = 1836016993 AND l.objid = holds.key AND l.objsubid = 2
    AND l.mode = holds.mode AND l.pid = pg_backend_pid() AND l.granted AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))$$;

SET LOCAL moai.doorbell = off;
SELECT lives_ok('SELECT moai_private.ring_sentinel()', 'moai.doorbell = off keeps it silent');
SELECT ok(NOT pg_temp.holds(1, 'ShareLock'), 'and takes no lock');
SET LOCAL moai.doorbell = '';
SELECT lives_ok('SELECT moai_private.ring_sentinel() FROM generate_series(1, 100)', 'an empty setting is none, and ringing again and again is allowed');

SELECT is(moai_private.lock_patiently(3, '0'), true, 'a free lock is taken without patience');
SELECT ok(pg_temp.holds(3, 'ExclusiveLock'), 'for this session');
SELECT is(moai_private.lock_patiently(4, '10 s'), true, 'and with patience');
SELECT is(current_setting('lock_timeout'), '20s', 'the session''s own lock_timeout stays');
SELECT pg_advisory_unlock(1836016993, 3), pg_advisory_unlock(1836016993, 4) \g /dev/null
SELECT ok(NOT pg_temp.holds(3, 'ExclusiveLock') AND NOT pg_temp.holds(4, 'ExclusiveLock'), 'until it gives it back');

SELECT * FROM finish();
ROLLBACK;
