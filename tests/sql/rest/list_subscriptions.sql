BEGIN;
\ir ../helpers.psql
SELECT plan(9);

SELECT moai_private.create_subscription('http://a/' || i, '{a}', 'rest/list_subscriptions', NULL, 'raw', '5 s', 1, '1 s', 1, '1 s', 0, NULL, NULL, NULL, NULL, 'POST', NULL, NULL, NULL, clock_timestamp() + i * interval '1 s') FROM generate_series(1, 4) AS i \g /dev/null
SELECT moai.pause_subscription(id) FROM moai.subscription WHERE tenant = 'rest/list_subscriptions' AND url = 'http://a/2' \g /dev/null
SELECT moai.delete_subscription(id) FROM moai.subscription WHERE tenant = 'rest/list_subscriptions' AND url = 'http://a/3' \g /dev/null
CREATE FUNCTION pg_temp.listed(query text) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(right(i ->> 'url', 1) || (i ->> 'state'), ' ' ORDER BY n) FROM moai_rest.list_subscriptions(listed.query) AS a, json_array_elements(a.body::json -> 'items') WITH ORDINALITY AS x(i, n));
SELECT is(pg_temp.listed('{"tenant":"rest/list_subscriptions"}'), '4active 2paused 1active', 'newest first, without the deleted');
SELECT is(pg_temp.listed('{"tenant":"rest/list_subscriptions","state":"deleted"}'), '3deleted', 'which are there if asked for');
SELECT is(pg_temp.listed('{"tenant":"rest/list_subscriptions","state":"paused"}'), '2paused', 'filters by state');
SELECT body::json ->> 'next' AS next FROM moai_rest.list_subscriptions('{"tenant":"rest/list_subscriptions","limit":"2"}') \gset
SELECT is(pg_temp.listed(json_build_object('tenant', 'rest/list_subscriptions', 'cursor', :'next')::text), '1active', 'pages go on');
SELECT unalike(body, '%whsec%', 'no secret is shown') FROM moai_rest.list_subscriptions('{"tenant":"rest/list_subscriptions"}');
SELECT is((SELECT status FROM moai_rest.list_subscriptions('')), 200, 'no query is no filter');
SELECT is(pg_temp.error_of(format('SELECT moai_rest.list_subscriptions(%L)', query)), 'MO422: ' || m, 'refused: ' || m)
FROM (VALUES ('{"state":"asleep"}', 'state is none of those there are / state = ''asleep'''), ('{"cursor":"x"}', 'cursor is malformed / cursor = ''x'''), ('{"url":"x"}', 'unknown query parameter url')) AS bad(query, m);

SELECT * FROM finish();
ROLLBACK;
