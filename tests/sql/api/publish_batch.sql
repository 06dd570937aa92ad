BEGIN;
\ir ../helpers.psql
SELECT plan(10);

SELECT pg_temp.subscribe('publish_batch') \g /dev/null
SELECT results_eq($$SELECT item, duplicate, code FROM moai.publish_batch('[{"type":"a","payload":1,"tenant":"publish_batch"},{"type":"b","payload":2,"tenant":"publish_batch","idempotency_key":"k"}]')$$,
    $$VALUES (0, false, NULL), (1, false, NULL)$$, 'each item has its row, in order, counted from 0');
SELECT results_eq($$SELECT item, id, duplicate FROM moai.publish_batch('[{"type":"b","payload":2,"tenant":"publish_batch","idempotency_key":"k"}]')$$,
    $$SELECT 0, event_id, true FROM moai_private.idempotency_key WHERE tenant = 'publish_batch' AND key = 'k'$$, 'a repeated key gives the first event''s id and says so');
SELECT results_eq($$SELECT item, code, message, detail, hint FROM moai.publish_batch('[{"type":"a","payload":1},{"payload":2}]', 'report') WHERE code IS NOT NULL$$,
    $$VALUES (1, 'MO422', 'type is missing', '', 'Give the event type, for example "user.created".')$$, 'report tells code, message, detail and hint of a bad item');
SELECT is(pg_temp.error_of($$SELECT moai.publish_batch('[{"type":"a","payload":1},{"payload":2}]')$$), 'MO422: type is missing / item 1', 'raise is the default');
SELECT is(pg_temp.error_of($$SELECT moai.publish_batch('[]')$$), 'MO422: events has 0 items, 1 to 1000 are allowed', 'an empty batch is refused');
SELECT is(pg_temp.error_of($$SELECT moai.publish_batch(NULL, 'report')$$), 'MO422: events is not an array / events is null', 'NULL is no batch');
SELECT is(pg_temp.error_of(format($$SELECT moai.publish_batch('[]', %L)$$, o)), 'MO422: on_error is neither raise nor report / on_error = ' || quote_nullable(o), 'on_error is checked')
FROM unnest(ARRAY['Report', '', NULL]) AS o;
SELECT is_definer('moai', 'publish_batch', 'it runs as the owner');

SELECT * FROM finish();
ROLLBACK;
