BEGIN;
\ir ../helpers.psql
SELECT plan(11);

SELECT pg_temp.subscribe('rest/redrive_dead_letters') AS s \gset
CREATE TEMP TABLE dead AS SELECT pg_temp.publish('rest/redrive_dead_letters') AS id FROM generate_series(1, 3);
DELETE FROM moai_private.delivery WHERE subscription_id = :'s';
INSERT INTO moai_private.dead_letter SELECT id, :'s', pg_temp.at(), 3, 'exhausted' FROM dead;
SELECT is((SELECT status || (body::json ->> 'redriven') FROM moai_rest.redrive_dead_letters((SELECT json_build_object('ids', ARRAY[max(id::text) || '_' || :'s'])::text FROM dead))), '2001', 'by ids');
SELECT is((SELECT state FROM moai.delivery WHERE event_id = (SELECT max(id::text)::uuid FROM dead)), 'retrying', 'it is in delivery again');
SELECT is((SELECT body::json ->> 'redriven' FROM moai_rest.redrive_dead_letters(json_build_object('subscription_id', :'s', 'max_count', 1)::text)), '1', 'by subscription, at most so many');
SELECT is((SELECT body::json ->> 'redriven' FROM moai_rest.redrive_dead_letters('{"tenant":"rest/redrive_dead_letters"}')), '1', 'by tenant');
SELECT is(pg_temp.error_of(format('SELECT moai_rest.redrive_dead_letters(%L)', document)), m, 'refused: ' || m)
FROM (VALUES ('{"ids":"x"}', 'MO422: ids is not an array of strings / ids = "x"'), ('{"ids":["x"]}', 'MO404: no such dead letter / id = ''x'''), ('{"subscription_id":"x"}', 'MO422: subscription_id is not a UUID / subscription_id = ''x'''),
    ('{"max_count":0}', 'MO422: max_count is outside of 1 to 10000 / max_count = 0'), ('{"max_count":"1"}', 'MO422: max_count is not a number in range / max_count = "1"'), ('{"id":"x"}', 'MO422: unknown field id'), ('[]', 'MO422: the document is not an object / it is array')) AS bad(document, m);

SELECT * FROM finish();
ROLLBACK;
