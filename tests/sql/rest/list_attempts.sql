BEGIN;
\ir ../helpers.psql
SELECT plan(12);

SELECT pg_temp.subscribe('rest/list_attempts', retry_factor => 1) AS s \gset
SELECT pg_temp.publish('rest/list_attempts') AS e \gset
SELECT pg_temp.complete(json_build_array(pg_temp.result(pg_temp.claim_one(pg_temp.at(i * interval '5 s')), CASE i WHEN 2 THEN 'delivered' ELSE 'failed' END, 500 - 150 * (i = 2)::integer)), pg_temp.at(i * interval '5 s'))
FROM generate_series(0, 2) AS i ORDER BY i \g /dev/null
INSERT INTO moai_private.attempt (event_id, subscription_id, lease_token, started_at, recorded_at, attempt_no, is_orphan, worker, response_bytes, response_body)
VALUES (:'e', :'s', -9223372036854775808, pg_temp.at(), pg_temp.at(), 1, true, 'w', 6000, convert_to(repeat('x', 4095) || 'ä' || repeat('x', 2000), 'UTF8'));
CREATE FUNCTION pg_temp.listed(id text, query text) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(concat_ws(' ', i ->> 'attempt_no', i ->> 'terminal_state', CASE WHEN (i ->> 'is_orphan')::boolean THEN 'orphan' END), ', ' ORDER BY n)
        FROM moai_rest.list_attempts(listed.id, listed.query) AS a, json_array_elements(a.body::json -> 'items') WITH ORDINALITY AS x(i, n));
SELECT is(pg_temp.listed(:'e' || '_' || :'s', '{}'), '3 delivered, 2, 1, 1 orphan', 'latest first, orphans too');
SELECT is((SELECT body::json ->> 'next' FROM moai_rest.list_attempts(:'e' || '_' || :'s', '{}')), NULL, 'there are no more');
SELECT body::json ->> 'next' AS next FROM moai_rest.list_attempts(:'e' || '_' || :'s', '{"limit":"3"}') \gset
SELECT is((SELECT json_array_length(body::json -> 'items') || (body::json #>> '{items,0,is_orphan}') FROM moai_rest.list_attempts(:'e' || '_' || :'s', json_build_object('cursor', :'next')::text)), '1true', 'pages go on');
SELECT is((SELECT array_agg(key) FROM json_object_keys((SELECT body::json #> '{items,0}' FROM moai_rest.list_attempts(:'e' || '_' || :'s', '{}'))) AS key),
    '{delivery_id,attempt_no,started_at,recorded_at,terminal_state,is_orphan,http_status,error_class,error_detail,next_due_at,worker,url,remote_address,signed_with,dns_us,connect_us,tls_us,first_byte_us,total_us,response_headers,response_bytes,response_body,response_body_base64}', 'an item is an attempt');
SELECT is((SELECT body::json #>> '{items,3,response_body}' FROM moai_rest.list_attempts(:'e' || '_' || :'s', '{}')), repeat('x', 4095), 'the response is shown up to 4 KiB, never half a character');
UPDATE moai_private.attempt SET response_bytes = 2, response_body = '\xff00', signed_with = 'a1 b2', response_headers = E'a: "1"\nb: 2' WHERE event_id = :'e' AND is_orphan;
SELECT is((SELECT body::json #>> '{items,3,response_body}' FROM moai_rest.list_attempts(:'e' || '_' || :'s', '{}')), NULL, 'what is no text is not');
SELECT is((SELECT body::json #>> '{items,3,response_body_base64}' FROM moai_rest.list_attempts(:'e' || '_' || :'s', '{}')), '/wA=', 'but as base64');
SELECT is((SELECT concat(body::json #> '{items,3,signed_with}', body::json #> '{items,3,response_headers}') FROM moai_rest.list_attempts(:'e' || '_' || :'s', '{}')), '["a1","b2"]["a: \"1\"","b: 2"]', 'keys and headers are lists');
SELECT is(pg_temp.error_of(format('SELECT moai_rest.list_attempts(%L, %L)', :'e' || '_' || :'s', query)), 'MO422: ' || m, 'refused: ' || m)
FROM (VALUES ('{"cursor":"1"}', 'cursor is malformed / cursor = ''1'''), ('{"state":"x"}', 'unknown query parameter state')) AS bad(query, m);
SELECT is(pg_temp.error_of(format('SELECT moai_rest.list_attempts(%L, ''{}'')', i)), 'MO404: no such delivery / id = ' || m, 'no such delivery')
FROM (VALUES ('x', '''x'''), (:'s' || '_' || :'e', :'s' || '_' || :'e')) AS bad(i, m);

SELECT * FROM finish();
ROLLBACK;
