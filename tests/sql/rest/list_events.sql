BEGIN;
\ir ../helpers.psql
SELECT plan(18);

SELECT moai_private.insert_event('t' || i % 2, to_json(i), NULL, 'rest/list_events', '24 h', clock_timestamp() + i * interval '1 ms') FROM generate_series(1, 5) AS i \g /dev/null
SELECT status, body::json AS page FROM moai_rest.list_events('{"tenant":"rest/list_events","limit":"2"}') \gset
SELECT is(:status, 200, 'it answers 200');
SELECT is(json_array_length(:'page'::json -> 'items'), 2, 'as many as asked for');
SELECT is((SELECT array_agg(key ORDER BY key) FROM json_object_keys(:'page'::json #> '{items,0}') AS key), '{id,payload_bytes,published_at,tenant,type}', 'without payloads');
SELECT is(:'page'::json #>> '{items,0,type}', 't1', 'the newest first');
SELECT ok(:'page'::json #>> '{items,0,id}' > :'page'::json #>> '{items,1,id}', 'in the order of the ids');
SELECT is(:'page'::json ->> 'next', :'page'::json #>> '{items,1,id}', 'next is where the page ended');
SELECT body::json AS page FROM moai_rest.list_events(json_build_object('tenant', 'rest/list_events', 'limit', '100', 'cursor', :'page'::json ->> 'next')::text) \gset
SELECT is(json_array_length(:'page'::json -> 'items'), 3, 'the next page has the others');
SELECT is((SELECT count(*) FROM json_array_elements((SELECT body::json -> 'items' FROM moai_rest.list_events('{"tenant":"rest/list_events","type":"t0"}')))), 2::bigint, 'filters by type');
SELECT is((SELECT json_array_length(body::json -> 'items') FROM moai_rest.list_events('{"tenant":"rest/list_events/none"}')), 0, 'nothing fits: no items');
SELECT is(pg_temp.error_of(format('SELECT moai_rest.list_events(%L)', query)), 'MO422: ' || m, 'refused: ' || m)
FROM (VALUES ('{"limit":"0"}', 'limit is outside of 1 to 100 / limit = ''0'''), ('{"limit":"101"}', 'limit is outside of 1 to 100 / limit = ''101'''), ('{"limit":"ten"}', 'limit is outside of 1 to 100 / limit = ''ten'''),
    ('{"limit":"-1"}', 'limit is outside of 1 to 100 / limit = ''-1'''), ('{"cursor":"x"}', 'cursor is malformed / cursor = ''x'''), ('{"cursor":""}', 'cursor is malformed / cursor = '''''),
    ('{"typ":"a"}', 'unknown query parameter typ')) AS bad(query, m);
SELECT is((SELECT body FROM moai_rest.list_events('{"cursor":"00000000-0000-0000-0000-000000000000"}')), '{"items":[],"next":null}', 'before the first there is nothing');
SELECT is(moai_private.page('{1,2,3}', '{a,b,c}', 2, 'z') || moai_private.page('{1,2,3}', '{a,b,c}', 3, 'z') || moai_private.page(NULL, NULL, 3, NULL),
    '{"items":[1,2],"next":"b"}{"items":[1,2,3],"next":"z"}{"items":[],"next":null}', 'a page ends at its limit, or where the look for items was cut short');

SELECT * FROM finish();
ROLLBACK;
