BEGIN;
\ir ../helpers.psql
SELECT plan(24);

SELECT pg_temp.subscribe('update_subscription', max_attempts => 3) AS s \gset
SELECT pg_temp.publish('update_subscription', due => '-1 s') AS a, pg_temp.publish('update_subscription') AS b \gset
UPDATE moai_private.delivery SET tries_left = 1, attempt_no = 2 WHERE event_id = :'b';
SELECT (pg_temp.claim_one()).event_id = :'a' AS leased \gset
SELECT moai_private.update_subscription(:'s', NULL, NULL, NULL, '3 s', 10, NULL, NULL, NULL, NULL, 'new', NULL, NULL, NULL, NULL, NULL, NULL, NULL, pg_temp.at('1 h')) \g /dev/null
SELECT results_eq(format('SELECT url, event_types, timeout, max_attempts, description, updated_at FROM moai_private.subscription WHERE id = %L', :'s'),
    format('VALUES (%L, ''{*}''::text[], interval ''3 s'', 10, ''new'', pg_temp.at(''1 h''))', 'https://receiver.test/' || :'s'), 'NULL keeps what is');
SELECT is(pg_temp.queued(:'b'), 'due 0.000, free, attempt 2, tries 8, lapses 0', 'more attempts give waiting deliveries as many more tries');
SELECT is(pg_temp.queued(:'a'), 'due 28.000, leased, attempt 0, tries 10, lapses 0', 'and those that are being delivered');
SELECT moai.update_subscription(:'s', max_attempts => 2, event_types => '{order.*}', description => '') \g /dev/null
SELECT is(pg_temp.queued(:'b'), 'due 0.000, free, attempt 2, tries 1, lapses 0', 'fewer leave at least one');
SELECT is((SELECT description FROM moai.subscription WHERE id = :'s'), NULL, 'an empty description removes it');
SELECT moai.update_subscription(:'s', max_in_flight => 2, rate_limit => 7) \g /dev/null
SELECT moai.update_subscription(:'s', max_in_flight => 3) \g /dev/null
SELECT results_eq(format('SELECT max_in_flight, rate_limit FROM moai.subscription WHERE id = %L', :'s'), 'VALUES (3, 7::float8)', 'one limit is changed, the other stays');
SELECT moai.update_subscription(:'s', rate_limit => 0, max_in_flight => 0) \g /dev/null
SELECT results_eq(format('SELECT max_in_flight, rate_limit FROM moai.subscription WHERE id = %L', :'s'), 'VALUES (NULL::integer, NULL::float8)', '0 takes them away');
SELECT moai.update_subscription(:'s', disable_after => '2 days') \g /dev/null
SELECT moai.update_subscription(:'s', max_in_flight => 0) \g /dev/null
SELECT is((SELECT disable_after FROM moai.subscription WHERE id = :'s'), '48:00:00', 'when it is disabled for its failures is changed, and stays');
INSERT INTO moai_private.failing VALUES (:'s', pg_temp.at(), pg_temp.at());
SELECT moai.update_subscription(:'s', disable_after => '0') \g /dev/null
SELECT is((SELECT failing_since FROM moai.subscription WHERE id = :'s'), NULL, 'nor does it show since when it fails');
SELECT is((SELECT disable_after FROM moai.subscription WHERE id = :'s'), NULL, '0 is never');
SELECT moai.update_subscription(:'s', method => 'PUT', headers => '{"A":"1","B":"2"}') \g /dev/null
SELECT moai.update_subscription(:'s', headers => '{"a":null,"c":"3"}') \g /dev/null
SELECT results_eq(format('SELECT method, headers FROM moai.subscription WHERE id = %L', :'s'), $$VALUES ('PUT', '{"b":"2","c":"3"}'::jsonb)$$, 'headers are changed one by one');
SELECT moai.record_breakers('w', format('[{"subscription_id":"%s","is_open":true,"probe_in_us":1,"consecutive_failures":20,"times_opened":1,"reason":"timeout"}]', :'s')::json) \g /dev/null
SELECT moai.update_subscription(:'s', url => 'http://other.test') \g /dev/null
SELECT is((SELECT breaker FROM moai.subscription WHERE id = :'s'), 'closed', 'another url has not failed yet');
SELECT is((SELECT count(*) FROM moai_private.delivery WHERE event_id = pg_temp.publish('update_subscription', 'user.b')), 0::bigint, 'event types decide over later events');
SELECT is((SELECT array_agg(pattern) FROM moai_private.subscription_type WHERE subscription_id = :'s'), '{order.*}', 'the index of types follows');
SELECT is(pg_temp.error_of(format('SELECT moai.update_subscription(%L, retry_base => ''25 h'')', :'s')), 'MO422: retry_cap is outside of retry_base to 30 days / retry_cap = 24:00:00',
    'what is kept must fit to what is new');
SELECT is(pg_temp.error_of(format('SELECT moai.update_subscription(%L, url => ''x'')', :'s')), 'MO422: url is neither http nor https / url = ''x''', 'arguments are checked');
SELECT is(pg_temp.error_of($$SELECT moai.update_subscription('00000000-0000-7000-8000-000000000000')$$), 'MO404: no such subscription / id = 00000000-0000-7000-8000-000000000000', 'an unknown id is none');
SELECT moai.delete_subscription(:'s') \g /dev/null
SELECT is(pg_temp.error_of(format('SELECT moai.update_subscription(%L, url => ''http://a'')', :'s')), 'MO410: subscription is deleted / id = ' || :'s', 'a deleted one is gone');


-- Retries by a list.
SELECT pg_temp.subscribe('update_subscription/list', max_attempts => 3) AS l \gset
SELECT pg_temp.publish('update_subscription/list') AS d \gset
CREATE FUNCTION pg_temp.retries(id uuid) RETURNS text LANGUAGE sql
RETURN (SELECT concat_ws(' ', s.max_attempts, s.retry_schedule, s.give_up_on) FROM moai.subscription AS s WHERE s.id = retries.id);
SELECT moai.update_subscription(:'l', retry_schedule => '{1 s,2 s,3 s,4 s}', give_up_on => '{404}') \g /dev/null
SELECT is(pg_temp.retries(:'l'), '5 {00:00:01,00:00:02,00:00:03,00:00:04} {404}', 'max_attempts goes with a schedule');
SELECT matches(pg_temp.queued(:'d'), ', tries 5,', 'so do the tries that are left');
SELECT moai.update_subscription(:'l', description => 'x') \g /dev/null
SELECT is(pg_temp.retries(:'l'), '5 {00:00:01,00:00:02,00:00:03,00:00:04} {404}', 'they stay');
SELECT is(pg_temp.error_of(format('SELECT moai.update_subscription(%L, max_attempts => 4)', :'l')), 'MO422: max_attempts is not one more than retry_schedule has delays / max_attempts = 4, retry_schedule has 4', 'one alone cannot change');
SELECT moai.update_subscription(:'l', retry_schedule => '{}', give_up_on => '{}') \g /dev/null
SELECT is(pg_temp.retries(:'l'), '5', 'empty ones take them away; max_attempts stays');
SELECT moai.update_subscription(:'l', retry_schedule => '{}', max_attempts => 2) \g /dev/null
SELECT is(pg_temp.retries(:'l'), '2', 'unless it is given');

SELECT * FROM finish();
ROLLBACK;
