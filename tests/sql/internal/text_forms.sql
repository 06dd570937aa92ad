BEGIN;
SELECT plan(8);

SET LOCAL timezone = 'Asia/Kolkata';
SET LOCAL intervalstyle = 'postgres_verbose';
SELECT is(moai_private.time_text('2026-11-22 08:38:19.913338+00'), '2026-11-22T08:38:19.913338Z', 'times are UTC with microseconds, whatever the session''s zone');
SELECT is(moai_private.time_text(t), NULL, 'no time and the end of time have no text') FROM unnest(ARRAY[NULL, 'infinity']::timestamptz[]) AS t;
SELECT is(moai_private.duration_text(d), form, 'a duration: ' || form) FROM (VALUES (interval '5 s', 'PT5S'), ('100 ms', 'PT0.1S'), ('24:00', 'PT24H'), ('720:00:01', 'PT720H1S')) AS x(d, form);
SELECT is(moai_private.duration_text('90 min')::interval, '01:30:00', 'the form is accepted back');

SELECT * FROM finish();
ROLLBACK;
