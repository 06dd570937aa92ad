BEGIN;
\ir ../helpers.psql
SELECT plan(4);

SELECT moai_private.uuid_v7(clock_timestamp()) AS new \gset
SELECT moai_private.uuid_v7('2001-01-01') AS old \gset
SELECT moai_private.record_outcomes(ARRAY(SELECT (e, '00000000-0000-0000-0000-000000000001', pg_temp.at(), 0, 'cancelled', 'test')::moai_private.outcome FROM unnest(ARRAY[:'new', :'old']::uuid[]) AS e)) \g /dev/null
SELECT is((SELECT count(*) FROM moai_private.outcome WHERE event_id = :'new'), 1::bigint, 'an outcome goes to the partition of its event');
SELECT is((SELECT count(*) FROM moai_private.outcome_held WHERE event_id = :'old'), 1::bigint, 'or, without one, to outcome_held');
SELECT lives_ok($$SELECT moai_private.record_outcomes(NULL)$$, 'NULL is none');
SELECT lives_ok($$SELECT moai_private.record_outcomes('{}')$$, 'none is none');

SELECT * FROM finish();
ROLLBACK;
