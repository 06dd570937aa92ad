BEGIN;
\ir ../helpers.psql
-- internal/read_request.sql: what it refuses is refused here and in the other lists.
SELECT plan(19);

SELECT pg_temp.subscribe('rest/list_deliveries', max_attempts => 1) AS s, pg_temp.subscribe('rest/list_deliveries') AS t \gset
SELECT pg_temp.publish('rest/list_deliveries', 'a', due => '1 s') AS a, pg_temp.publish('rest/list_deliveries', 'b', due => '2 s') AS b, pg_temp.publish('rest/list_deliveries', 'c', due => '3 s') AS c \gset
SELECT pg_temp.complete((SELECT json_agg(pg_temp.result((SELECT q::claimed FROM (SELECT k.*) AS q), 'failed', 500, 'http_status')) FROM moai_private.claim(2, pg_temp.at('1 s')) AS k), pg_temp.at('1 s')) \g /dev/null
CREATE FUNCTION pg_temp.listed(query text) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(concat_ws(' ', i ->> 'event_type', i ->> 'state'), ', ' ORDER BY n)
        FROM moai_rest.list_deliveries(listed.query) AS a, json_array_elements(a.body::json -> 'items') WITH ORDINALITY AS x(i, n));
SELECT is(pg_temp.listed('{"tenant":"rest/list_deliveries"}'), listed, 'finished and unfinished, the newest events first')
FROM (SELECT string_agg(event_type || ' ' || state, ', ' ORDER BY event_id DESC, subscription_id DESC) AS listed FROM moai.delivery WHERE event_id IN (:'a', :'b', :'c')) AS x;
SELECT is(pg_temp.listed(format('{"event_id":"%s","subscription_id":"%s"}', :'a', :'s')), 'a dead', 'filters by event and subscription');
SELECT is(pg_temp.listed(format('{"tenant":"rest/list_deliveries","state":"%s"}', state)), listed, 'filters by state: ' || state)
FROM (VALUES ('pending', 'c pending, c pending, b pending, b pending'), ('dead', 'a dead'), ('retrying', 'a retrying'), ('expired', NULL), ('parked', NULL)) AS x(state, listed);
SELECT is(pg_temp.listed(format('{"subscription_id":"%s"}', :'s')), 'c pending, b pending, a dead', 'filters by subscription alone');
SELECT is((SELECT array_agg(key) FROM json_object_keys((SELECT body::json #> '{items,0}' FROM moai_rest.list_deliveries('{"limit":"1","tenant":"rest/list_deliveries"}'))) AS key),
    '{id,event_id,subscription_id,tenant,event_type,state,attempts,tries_left,due_at,finished_at,reason,http_status,error_class,error_detail}', 'an item is a delivery');

-- Page by page.
CREATE TEMP TABLE pages (n integer, ids text[]);
DO $$
DECLARE
    _cursor text; _body json;
BEGIN
    FOR _n IN 1..100 LOOP
        SELECT a.body::json INTO _body FROM moai_rest.list_deliveries(json_strip_nulls(json_build_object('tenant', 'rest/list_deliveries', 'limit', '4', 'cursor', _cursor))::text) AS a;
        INSERT INTO pages SELECT _n, ARRAY(SELECT i ->> 'id' FROM json_array_elements(_body -> 'items') AS i);
        _cursor := _body ->> 'next';
        EXIT WHEN _cursor IS NULL;
    END LOOP;
END $$;
SELECT results_eq('SELECT count(*), count(DISTINCT id) FROM pages, unnest(ids) AS id', 'VALUES (6::bigint, 6::bigint)', 'the pages have every delivery once');
SELECT ok(bool_and(cardinality(ids) <= 4), 'none has more than asked for') FROM pages;
SELECT is(pg_temp.error_of(format('SELECT moai_rest.list_deliveries(%L)', query)), 'MO422: ' || m, 'refused: ' || m)
FROM (VALUES ('{"state":"lost"}', 'state is none of those there are / state = ''lost'''), ('{"event_id":"x"}', 'event_id is not a UUID / event_id = ''x'''), ('{"subscription_id":"x"}', 'subscription_id is not a UUID / subscription_id = ''x'''),
    ('{"cursor":"00000000-0000-7000-8000-000000000000"}', 'cursor is malformed / cursor = ''00000000-0000-7000-8000-000000000000'''), ('{"limit":"1e1"}', 'limit is outside of 1 to 100 / limit = ''1e1'''), ('{"q":""}', 'unknown query parameter q')) AS bad(query, m);

-- moai_private.list_deliveries( keeps an answer below 64 KiB.
SELECT pg_temp.subscribe('rest/list_deliveries/long') AS l \gset
SELECT moai.publish_batch((SELECT json_agg(json_build_object('type', 'a', 'payload', i, 'tenant', 'rest/list_deliveries/long')) FROM generate_series(1, 100) AS i)) \g /dev/null
WITH gone AS (DELETE FROM moai_private.delivery WHERE subscription_id = :'l' RETURNING event_id)
INSERT INTO moai_private.attempt (event_id, subscription_id, lease_token, started_at, recorded_at, attempt_no, terminal_state, is_orphan, error_class, error_detail, worker)
SELECT event_id, :'l', 1, pg_temp.at(), pg_temp.at(), 1, 'dead', false, 'http_status', repeat('x', 2000), 'w' FROM gone;
SELECT ok(octet_length(body) BETWEEN 50000 AND 65000 AND json_array_length(body::json -> 'items') < 100 AND body::json ->> 'next' IS NOT NULL, 'long items make a shorter page, and next goes on from there')
FROM moai_rest.list_deliveries('{"limit":"100","tenant":"rest/list_deliveries/long"}');
SELECT is((SELECT count(*) FROM moai.delivery WHERE subscription_id = :'l' AND event_id IN (SELECT id FROM moai.event WHERE tenant = 'rest/list_deliveries/long')), 100::bigint, 'though there are more');

SELECT * FROM finish();
ROLLBACK;
