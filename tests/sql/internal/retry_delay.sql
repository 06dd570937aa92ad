BEGIN;
SELECT plan(15);

SELECT results_eq($$SELECT moai_private.retry_delay(n, NULL, '5 s', 5, '24 h', 0, 0.7) FROM generate_series(1, 8) AS n ORDER BY n$$,
    $$SELECT make_interval(secs => s) FROM unnest(ARRAY[5, 25, 125, 625, 3125, 15625, 78125, 86400]) AS s$$,
    'each retry waits retry_factor times as long as the one before, at most retry_cap');
SELECT is(moai_private.retry_delay(1, NULL, '5 s', 5, '24 h', 0.1, 0), interval '5 s', 'jitter subtracts nothing');
SELECT is(moai_private.retry_delay(1, NULL, '5 s', 5, '24 h', 0.1, 1), interval '5.5 s', 'jitter adds at most its share');
SELECT is(moai_private.retry_delay(1, NULL, '5 s', 5, '24 h', 0.1, 0.5), interval '5.25 s', 'jitter adds in proportion to the draw');
SELECT is(moai_private.retry_delay(99, NULL, '5 s', 5, '24 h', 0.1, 1), interval '95040 s', 'jitter lengthens the cap too');
SELECT is(moai_private.retry_delay(100, NULL, '100 ms', 100, '30 d', 0, 0), interval '2592000 s', 'a hundred attempts overflow nothing');
SELECT is(moai_private.retry_delay(2147483647, NULL, '100 ms', 100, '30 d', 1, 1), interval '5184000 s', 'no number of attempts overflows');
SELECT is(moai_private.retry_delay(50, NULL, '7 s', 1, '24 h', 0, 0), interval '7 s', 'a factor of 1 waits as long each time');
SELECT is(moai_private.retry_delay(50, NULL, '7 s', 1, '7 s', 0, 0), interval '7 s', 'a cap as low as the base holds');
SELECT is(moai_private.retry_delay(4, NULL, '100 ms', 1.5, '24 h', 0, 0), interval '337.5 ms', 'the factor may be broken');
SELECT is(moai_private.retry_delay(3, NULL, '5 s', 5, '125 s', 0, 0), interval '125 s', 'a retry that meets the cap exactly waits that long');
SELECT is(moai_private.retry_delay(2, NULL, '1 day', 2, '2 days', 0, 0), interval '48 h', 'a day has 24 hours');
SELECT ok(bool_and(moai_private.retry_delay(n, NULL, '100 ms', f, '30 d', 0, 0) BETWEEN '100 ms' AND '2592000 s'), 'every policy stays between base and cap')
FROM generate_series(1, 100) AS n, unnest(ARRAY[1, 1.0000001, 1.1, 2, 99.9, 100]::double precision[]) AS f;


SELECT results_eq($$SELECT moai_private.retry_delay(n, '{1 s,1 min,1 s}', '5 s', 5, '24 h', 0, 0.7) FROM generate_series(1, 4) AS n ORDER BY n$$,
    $$SELECT make_interval(secs => s) FROM unnest(ARRAY[1, 60, 1, 1]) AS s$$, 'a schedule is followed, whatever base, factor and cap are, and its last delay holds');
SELECT is(moai_private.retry_delay(2, '{1 s,1 min}', '5 s', 5, '24 h', 0.5, 0.5), interval '75 s', 'jitter lengthens its delays too');

SELECT * FROM finish();
ROLLBACK;
