BEGIN;
\ir ../helpers.psql
SELECT plan(11);

SELECT pg_temp.subscribe('rest/list_dead_letters') AS s, pg_temp.subscribe('rest/list_dead_letters') AS t \gset
SELECT pg_temp.publish('rest/list_dead_letters', 'a') AS a, pg_temp.publish('rest/list_dead_letters', 'b') AS b \gset
WITH gone AS (DELETE FROM moai_private.delivery WHERE event_id IN (:'a', :'b') RETURNING *)
INSERT INTO moai_private.dead_letter (event_id, subscription_id, dead_at, attempt_no, reason, http_status)
SELECT event_id, subscription_id, pg_temp.at(), 3, CASE WHEN event_id = :'a' THEN 'exhausted' ELSE 'crash_loop' END, 500 FROM gone;
CREATE FUNCTION pg_temp.listed(query text) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(concat_ws(' ', i ->> 'event_type', i ->> 'reason'), ', ' ORDER BY n) FROM moai_rest.list_dead_letters(listed.query) AS a, json_array_elements(a.body::json -> 'items') WITH ORDINALITY AS x(i, n));
SELECT is(pg_temp.listed('{"tenant":"rest/list_dead_letters"}'), 'b crash_loop, b crash_loop, a exhausted, a exhausted', 'the newest events first');
SELECT is(pg_temp.listed('{"tenant":"rest/list_dead_letters","reason":"exhausted"}'), 'a exhausted, a exhausted', 'filters by reason');
SELECT is(pg_temp.listed(format('{"subscription_id":"%s"}', :'s')), 'b crash_loop, a exhausted', 'filters by subscription');
SELECT body::json ->> 'next' AS next FROM moai_rest.list_dead_letters('{"tenant":"rest/list_dead_letters","limit":"3"}') \gset
SELECT is(pg_temp.listed(json_build_object('tenant', 'rest/list_dead_letters', 'cursor', :'next')::text), 'a exhausted', 'pages go on');
SELECT is((SELECT (body::jsonb #> '{items,0}') FROM moai_rest.list_dead_letters(format('{"subscription_id":"%s","reason":"exhausted"}', :'t'))),
    format('{"id":"%1$s_%2$s","event_id":"%1$s","subscription_id":"%2$s","tenant":"rest/list_dead_letters","event_type":"a","dead_at":"2000-01-01T00:00:00.000000Z","attempts":3,"reason":"exhausted",
             "http_status":500,"error_class":null,"error_detail":null}', :'a', :'t')::jsonb, 'an item is a dead letter');
SELECT is(pg_temp.listed('{"tenant":"rest/list_dead_letters/none"}'), NULL, 'nothing fits: no items');
SELECT is((SELECT status FROM moai_rest.list_dead_letters('{}')), 200, 'it answers 200');
SELECT is(pg_temp.error_of(format('SELECT moai_rest.list_dead_letters(%L)', query)), 'MO422: ' || m, 'refused: ' || m)
FROM (VALUES ('{"reason":"bored"}', 'reason is none of those there are / reason = ''bored'''), ('{"subscription_id":"x"}', 'subscription_id is not a UUID / subscription_id = ''x'''),
    ('{"cursor":"x"}', 'cursor is malformed / cursor = ''x'''), ('{"state":"x"}', 'unknown query parameter state')) AS bad(query, m);

SELECT * FROM finish();
ROLLBACK;
