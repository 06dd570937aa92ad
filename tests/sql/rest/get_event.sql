BEGIN;
\ir ../helpers.psql
SELECT plan(7);

SELECT moai.publish('a.b', '{"b":1.0,  "a":"\u0041","a":2}', tenant => 'rest/"get_event"') AS e \gset
SELECT status, body FROM moai_rest.get_event(upper(:'e')) \gset
SELECT is(:status, 200, 'it answers 200');
SELECT matches(:'body'::text, '^\{"id":"' || :'e' || '","type":"a\.b","tenant":"rest/\\"get_event\\"","published_at":"[0-9-]+T[0-9:.]+Z","payload_bytes":30,"payload":\{"b":1\.0,  "a":"\\u0041","a":2\}\}$',
    'the payload stands in it byte for byte');
SELECT moai.publish('a', ('"' || repeat('x', 32766) || '"')::json) AS longest, moai.publish('a', ('"' || repeat('x', 32767) || '"')::json) AS longer \gset
SELECT is((SELECT length(body::json ->> 'payload') FROM moai_rest.get_event(:'longest')), 32766, '32 KiB are inline');
SELECT is((SELECT body::jsonb - 'id' - 'published_at' FROM moai_rest.get_event(:'longer')),
    format('{"type":"a","tenant":"default","payload_bytes":32769,"payload":null,"hint":"The payload is large: GET /events/%s/payload, with Range"}', :'longer')::jsonb, 'more are told by their number');
SELECT is(pg_temp.error_of(format('SELECT moai_rest.get_event(%L)', i)), 'MO404: no such event / id = ' || coalesce(shown, quote_nullable(i)), 'no such event: ' || coalesce(i, 'null'))
FROM (VALUES ('x', NULL), (NULL, NULL), ('00000000-0000-7000-8000-000000000000', '00000000-0000-7000-8000-000000000000')) AS bad(i, shown);

SELECT * FROM finish();
ROLLBACK;
