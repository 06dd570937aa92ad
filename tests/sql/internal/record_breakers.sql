BEGIN;
\ir ../helpers.psql
SELECT plan(15);

CREATE FUNCTION pg_temp.change(s uuid, is_open boolean, probe_in interval, failures integer DEFAULT 20, opened integer DEFAULT 1, reason text DEFAULT 'timeout') RETURNS json LANGUAGE sql
RETURN json_build_object('subscription_id', s, 'is_open', is_open, 'probe_in_us', (extract(epoch FROM probe_in) * 1000000)::bigint, 'consecutive_failures', failures, 'times_opened', opened, 'reason', reason);
CREATE FUNCTION pg_temp.told(s uuid) RETURNS text LANGUAGE sql
RETURN (SELECT format('%s to %s, %s failures, opened %s, %s, %s', b.since - pg_temp.at(), b.until - pg_temp.at(), b.consecutive_failures, b.times_opened, b.reason, b.worker)
        FROM moai_private.endpoint_state AS b WHERE b.subscription_id = s);

SELECT pg_temp.subscribe('breakers') AS s, pg_temp.subscribe('breakers') AS t, pg_temp.subscribe('breakers', state => 'deleted') AS gone \gset
SELECT moai_private.record_breakers('w', json_build_array(pg_temp.change(:'t', true, '1 s'), pg_temp.change(:'s', true, '5 s'), pg_temp.change(:'gone', true, '1 s'), pg_temp.change(gen_random_uuid(), true, '1 s')), pg_temp.at()) \g /dev/null
SELECT is(pg_temp.told(:'s'), '00:00:00 to 00:00:05, 20 failures, opened 1, timeout, w', 'an open breaker is kept');
SELECT moai_private.record_breakers('w', json_build_array(pg_temp.change(:'t', true, '1 s', 1, 0, 'http_status: HTTP 429, Retry-After 1 s')), pg_temp.at()) \g /dev/null
SELECT is(pg_temp.told(:'t'), '00:00:00 to 00:00:01, 1 failures, opened 0, http_status: HTTP 429, Retry-After 1 s, w', 'so is one that the endpoint asked for');
SELECT is(pg_temp.told(:'gone'), NULL, 'not that of a deleted subscription');
SELECT moai_private.record_breakers('w2', json_build_array(pg_temp.change(:'s', true, '10 s', 21, 2, repeat('x', 300))), pg_temp.at('6 s')) \g /dev/null
SELECT is(pg_temp.told(:'s'), '00:00:00 to 00:00:16, 21 failures, opened 2, ' || repeat('x', 200) || ', w2', 'opening again moves it on, and leaves since when');
SELECT results_eq(format('SELECT breaker, consecutive_failures FROM moai.subscription WHERE id = %L', :'s'), $$VALUES ('half_open', 21)$$, 'one whose time has come shows as half-open');
SELECT moai_private.record_breakers('w', json_build_array(pg_temp.change(:'s', true, '1 min'), pg_temp.change(:'t', false, '0')), clock_timestamp()) \g /dev/null
SELECT is((SELECT breaker FROM moai.subscription WHERE id = :'s'), 'open', 'before that as open');
SELECT is((SELECT breaker FROM moai.subscription WHERE id = :'t'), 'closed', 'a closed one is forgotten');
SELECT matches((SELECT body FROM moai_rest.get_subscription(:'s')), '"breaker" : \{"state" : "open", "since" : "2000-01-01T00:00:00.000000Z", "until" : "20\d\d-[^"]*Z", "consecutive_failures" : 20, "reason" : "timeout"\}', 'the REST API tells it');
SELECT is(moai_private.record_breakers('w', '[]', pg_temp.at())::text, '', 'no change changes nothing');
SELECT moai_private.record_breakers('w', json_build_array(pg_temp.change(:'s', false, '0'), pg_temp.change(:'t', false, '0')), pg_temp.at()) \g /dev/null
SELECT is_empty(format('SELECT FROM moai_private.endpoint_state WHERE subscription_id IN (%L, %L)', :'s', :'t'), 'closing a closed one does no harm');
SELECT moai_private.record_breakers('w', json_build_array(pg_temp.change(:'s', true, '5 s')), pg_temp.at()) \g /dev/null
SELECT moai.delete_subscription(:'s') \g /dev/null
SELECT is(pg_temp.told(:'s'), NULL, 'deleting the subscription takes it away');

-- moai.endpoint.failing
CREATE FUNCTION pg_temp.heard() RETURNS SETOF text LANGUAGE sql AS $$
SELECT e.payload ->> 'consecutive_failures' || ' ' || (e.payload ->> 'reason') FROM moai_private.event AS e WHERE e.type = 'moai.endpoint.failing' AND e.tenant = 'failing' ORDER BY e.id $$;
SELECT pg_temp.subscribe('failing', '{a}') AS f, pg_temp.subscribe('failing', '{moai.endpoint.*}') AS operator \gset
SELECT moai_private.record_breakers('w', json_build_array(pg_temp.change(:'f', true, '5 s', 3, 0, 'asked')), pg_temp.at()) \g /dev/null
SELECT is_empty('SELECT pg_temp.heard()', 'an endpoint that asks to be left alone is not failing');
SELECT moai_private.record_breakers('w', json_build_array(pg_temp.change(:'f', true, '5 s', 20), pg_temp.change(:'operator', true, '5 s')), pg_temp.at()) \g /dev/null
SELECT results_eq('SELECT pg_temp.heard()', $$VALUES ('20 timeout')$$, 'one whose breaker opens is, and an event says so; not about who hears such events');
SELECT moai_private.record_breakers('w2', json_build_array(pg_temp.change(:'f', true, '10 s', 21, 2)), pg_temp.at()) \g /dev/null
SELECT is((SELECT count(*) FROM pg_temp.heard()), 1::bigint, 'opening again, or that of another worker, is no news');
SELECT moai_private.record_breakers('w', json_build_array(pg_temp.change(:'f', false, '0')), pg_temp.at()) \g /dev/null
SELECT moai_private.record_breakers('w', json_build_array(pg_temp.change(:'f', true, '5 s', 20)), pg_temp.at()) \g /dev/null
SELECT is((SELECT count(*) FROM pg_temp.heard()), 2::bigint, 'after it has closed it is');

SELECT * FROM finish();
ROLLBACK;
