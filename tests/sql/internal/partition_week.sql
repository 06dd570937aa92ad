BEGIN;
SELECT plan(4);

SET LOCAL TimeZone = 'Pacific/Kiritimati';
SELECT is(moai_private.partition_week('2026-11-22 23:59:59.999+00'), '2026w47', 'a week ends on Sunday at midnight, UTC');
SELECT is(moai_private.partition_week('2026-11-23 00:00+00'), '2026w48', 'a week begins on Monday, whatever the session''s time zone');
SELECT is(moai_private.partition_week('2027-01-01 00:00+00'), '2026w53', 'the first days of a year belong to the last week of the one before');
SELECT is(moai_private.partition_week('2029-12-31 00:00+00'), '2030w01', 'the last days of a year belong to the first week of the next');

SELECT * FROM finish();
ROLLBACK;
