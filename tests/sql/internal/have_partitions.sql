BEGIN;
SELECT plan(6);

SELECT ok(moai_private.have_partitions(ARRAY[moai_private.uuid_v7(clock_timestamp())]), 'an event of now has a partition');
SELECT ok(moai_private.have_partitions(ARRAY[moai_private.uuid_v7(clock_timestamp()), moai_private.uuid_v7(clock_timestamp() + interval '2 years 11 months')]),
    'events of the coming years have partitions');
SELECT ok(NOT moai_private.have_partitions(ARRAY[moai_private.uuid_v7(clock_timestamp()), moai_private.uuid_v7('2001-01-01')]), 'one old event is enough for no');
SELECT ok(NOT moai_private.have_partitions(ARRAY[moai_private.uuid_v7(clock_timestamp()), moai_private.uuid_v7('2201-01-01')]), 'one far event is enough for no');
SELECT ok(NOT moai_private.have_partitions('{00000000-0000-0000-0000-000000000000}'), 'the least id has none');
SELECT ok(NOT moai_private.have_partitions('{ffffffff-ffff-ffff-ffff-ffffffffffff}'), 'the greatest id has none');

SELECT * FROM finish();
ROLLBACK;
