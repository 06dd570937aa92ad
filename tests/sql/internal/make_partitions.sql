BEGIN;
SELECT plan(9);
SET LOCAL lock_timeout = '20s';
SET LOCAL TimeZone = 'Pacific/Kiritimati';

SELECT is(moai_private.make_partitions(clock_timestamp(), interval '1 year'), 0, 'what the installation made is not made again');
SELECT is(moai_private.make_partitions('2101-06-15 12:00+00', interval '6 days'), 9, 'the week before, the week itself and the next are made, of all three');
SELECT is(moai_private.make_partitions('2101-06-15 12:00+00', interval '6 days'), 0, 'repeating it makes nothing');

SELECT is(string_agg(c.relname || ' ' || pg_get_expr(c.relpartbound, c.oid), '; ' ORDER BY c.relname),
    (SELECT string_agg(format('%s_2101w24 FOR VALUES FROM (%L) TO (%L)', p, moai_private.uuid_v7_floor('2101-06-13 00:00+00'),
        moai_private.uuid_v7_floor('2101-06-20 00:00+00')), '; ') FROM unnest(ARRAY['attempt', 'event', 'outcome']) AS p),
    'a partition holds the ids of one ISO week in UTC')
FROM pg_class AS c WHERE c.relnamespace = 'moai_private'::regnamespace AND c.relname LIKE '%\_2101w24';
SELECT lives_ok($$INSERT INTO moai_private.event VALUES (moai_private.uuid_v7('2101-06-13 00:00+00'), now(), 'make_partitions', 'a', '1'),
                                                       (moai_private.uuid_v7('2101-06-19 23:59:59.999999+00'), now(), 'make_partitions', 'a', '1')$$,
    'the first and the last microsecond of the week have a place');
SELECT is(count(*), 2::bigint, 'both are in this week') FROM moai_private.event_2101w24;
SELECT hasnt_column('moai_private', 'event_2101w24', 'held', 'a partition has the parent''s columns and no others');

SELECT is_empty($$SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid JOIN pg_class AS parent ON parent.oid = i.inhparent
    WHERE parent.relnamespace = 'moai_private'::regnamespace AND c.relowner <> parent.relowner$$, 'a partition belongs to the owner of its parent, whoever made it');
SELECT is(max(l.mode) FILTER (WHERE l.mode = 'AccessExclusiveLock'), NULL, 'no parent is locked against publishing')
FROM pg_locks AS l WHERE l.pid = pg_backend_pid() AND l.relation IN ('moai_private.event'::regclass, 'moai_private.attempt'::regclass, 'moai_private.outcome'::regclass);

SELECT * FROM finish();
ROLLBACK;
