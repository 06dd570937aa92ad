BEGIN;
\ir ../helpers.psql
SELECT plan(6);

SELECT moai_private.uuid_v7(clock_timestamp()) AS new \gset
SELECT moai_private.uuid_v7('2001-01-01') AS old \gset
CREATE FUNCTION pg_temp.attempt(event_id uuid, token bigint, orphan boolean) RETURNS moai_private.attempt LANGUAGE sql
RETURN ROW(attempt.event_id, '00000000-0000-0000-0000-000000000001', attempt.token, pg_temp.at(), pg_temp.at(), 1, 200, NULL, attempt.orphan, NULL, NULL, NULL, 'tester',
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::moai_private.attempt;

SELECT is(moai_private.log_attempts(ARRAY[pg_temp.attempt(:'new', 1, false), pg_temp.attempt(:'new', 2, true), pg_temp.attempt(:'old', 1, true)]), 2, 'the orphans among the new ones are counted');
SELECT is((SELECT count(*) FROM moai_private.attempt WHERE event_id = :'new'), 2::bigint, 'attempts go to the partition of their event');
SELECT is((SELECT count(*) FROM moai_private.attempt_held WHERE event_id = :'old'), 1::bigint, 'or, without one, to attempt_held');
SELECT is(moai_private.log_attempts(ARRAY[pg_temp.attempt(:'new', 2, true), pg_temp.attempt(:'old', 1, true)]), 0, 'what is recorded already is not recorded again');
SELECT throws_ok(format('SELECT moai_private.log_attempts(ARRAY[pg_temp.attempt(%L, 1, false)])', :'new'), '23505', NULL, 'a lease that ended cannot end again');
SELECT is(moai_private.log_attempts('{}'), 0, 'nothing is nothing');

SELECT * FROM finish();
ROLLBACK;
