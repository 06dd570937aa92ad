BEGIN;
SELECT plan(4);

SELECT moai_private.uuid_v7_floor('2099-06-15 00:00 UTC') AS monday, moai_private.uuid_v7_floor('2099-06-21 23:59:59 UTC') AS sunday,
    moai_private.uuid_v7_floor('2099-06-22 00:00 UTC') AS next_monday \gset
SELECT is(moai_private.event_table(:'monday', :'sunday'), 'moai_private.event', 'a week without a partition is read through the parent');
SELECT moai_private.make_partitions('2099-06-15', interval '14 days') \g /dev/null
SELECT is(moai_private.event_table(:'monday', :'sunday'), 'moai_private.event_2099w25', 'events of one week are read from its partition');
SELECT is(moai_private.event_table(:'sunday', :'next_monday'), 'moai_private.event', 'events of two weeks are read through the parent');
SELECT is(moai_private.event_table(:'next_monday', :'next_monday'), 'moai_private.event_2099w26', 'one event is read from its partition');

SELECT * FROM finish();
ROLLBACK;
