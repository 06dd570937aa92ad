BEGIN;
SELECT plan(8);

SELECT matches(moai_private.uuid_v7(clock_timestamp())::text, '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$', 'an id is of version 7 and of the RFC''s variant');
SELECT is(left(moai_private.uuid_v7('2026-07-01 12:34:56.789+00')::text, 13), '019f1dac-e095', 'an id begins with the milliseconds of its time');
SELECT ok(moai_private.uuid_v7('2026-07-01 12:00:00.000001+00') < moai_private.uuid_v7('2026-07-01 12:00:00.000002+00'), 'ids sort by their microsecond');
SELECT ok(moai_private.uuid_v7('2026-07-01 12:00:00.000999+00') < moai_private.uuid_v7('2026-07-01 12:00:00.001+00'), 'ids sort across the millisecond');
SELECT is(count(DISTINCT u), 1000::bigint, 'ids of the same microsecond differ') FROM (SELECT moai_private.uuid_v7('2026-07-01') AS u FROM generate_series(1, 1000)) AS x;
SELECT is(moai_private.uuid_v7_floor('2026-07-01 12:34:56.789+00')::text, '019f1dac-e095-0000-0000-000000000000', 'the floor of a time is the least id of it');
SELECT is(moai_private.uuid_v7_floor('2026-07-01 12:34:56.789999+00')::text, '019f1dac-e095-0000-0000-000000000000', 'the floor is never above an id of its time');
SELECT ok(moai_private.uuid_v7_floor('2026-07-06 00:00+00') <= moai_private.uuid_v7('2026-07-06 00:00+00')
      AND moai_private.uuid_v7_floor('2026-07-06 00:00+00') > moai_private.uuid_v7('2026-07-05 23:59:59.999999+00'), 'the floor parts the ids before and after');

SELECT * FROM finish();
ROLLBACK;
