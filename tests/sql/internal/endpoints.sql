BEGIN;
\ir ../helpers.psql
SELECT plan(3);

CREATE TEMP TABLE s AS SELECT name, pg_temp.subscribe('endpoints/' || name) AS id FROM unnest('{parked,both,open,due,paused}'::text[]) AS name;
SELECT pg_temp.publish('endpoints/' || name) FROM s, generate_series(1, 3) \g /dev/null
UPDATE moai_private.delivery AS d SET parked = true FROM s WHERE d.subscription_id = s.id AND s.name IN ('parked', 'both', 'paused');
UPDATE moai_private.subscription SET state = 'paused', held = true WHERE id = (SELECT id FROM s WHERE name = 'paused');
UPDATE moai_private.subscription SET max_in_flight = 3, rate_limit = 1.5 WHERE id = (SELECT id FROM s WHERE name = 'both');
SELECT moai_private.record_breakers('w', (SELECT json_agg(json_build_object('subscription_id', id, 'is_open', true, 'probe_in_us', 5000000, 'consecutive_failures', 20, 'times_opened', 2, 'reason', name)) FROM s WHERE name IN ('open', 'both')), pg_temp.at()) \g /dev/null
SELECT results_eq('SELECT s.name, e.max_in_flight, e.rate_limit, e.has_parked, e.probe_in_us, e.consecutive_failures, e.times_opened, e.reason FROM moai_private.endpoints(pg_temp.at(''1 s'')) AS e JOIN s ON s.id = e.subscription_id ORDER BY 1',
    $$VALUES ('both', 3, 1.5::float8, true, 4000000::bigint, 20, 2, 'both'), ('open', NULL, NULL, false, 4000000, 20, 2, 'open'), ('parked', NULL, NULL, true, NULL, NULL, NULL, NULL)$$,
    'those that have something parked or an open breaker, and are active');
SELECT is((SELECT url FROM moai_private.endpoints(pg_temp.at()) WHERE subscription_id = (SELECT id FROM s WHERE name = 'open')), (SELECT 'https://receiver.test/' || id FROM s WHERE name = 'open'), 'with the url that failed');
SELECT is((SELECT probe_in_us FROM moai_private.endpoints(pg_temp.at('6 s')) WHERE subscription_id = (SELECT id FROM s WHERE name = 'open')), -1000000::bigint, 'a time that has passed is negative');

SELECT * FROM finish();
ROLLBACK;
