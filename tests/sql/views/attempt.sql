BEGIN;
\ir ../helpers.psql
SELECT plan(4);

SELECT pg_temp.subscribe('views/attempt') AS s \gset
SELECT pg_temp.publish('views/attempt') AS e \gset
SELECT pg_temp.claim_one() AS claimed \gset
SELECT pg_temp.complete(json_build_array(pg_temp.result(:'claimed'::claimed, 'failed', 500, 'http_status', 'no')), pg_temp.at('1 s')) \g /dev/null
SELECT results_eq(format('SELECT delivery_id, tenant, attempt_no, recorded_at, terminal_state, is_orphan, http_status, error_class, error_detail, next_due_at, worker FROM moai.attempt WHERE event_id = %L', :'e'),
    format($$VALUES (%L, 'views/attempt', 1, pg_temp.at('1 s'), NULL::moai.delivery_state, false, 500, 'http_status', 'no', pg_temp.at('6 s'), 'tester')$$, :'e' || '_' || :'s'), 'a failed attempt tells when the next is due');
SELECT pg_temp.complete(json_build_array(pg_temp.result(pg_temp.claim_one(pg_temp.at('6 s')), 'delivered', 200)), pg_temp.at('7 s')) \g /dev/null
SELECT results_eq(format('SELECT attempt_no, terminal_state, next_due_at FROM moai.attempt WHERE event_id = %L ORDER BY attempt_no DESC LIMIT 1', :'e'),
    $$VALUES (2, 'delivered'::moai.delivery_state, NULL::timestamptz)$$, 'the last one tells the end');
INSERT INTO moai_private.attempt_held (event_id, subscription_id, lease_token, started_at, recorded_at, attempt_no, is_orphan, worker)
VALUES ('00dc6acf-ac00-7000-8000-000000000001', :'s', 1, pg_temp.at(), pg_temp.at(), 1, true, 'w');
SELECT is((SELECT is_orphan FROM moai.attempt WHERE event_id = '00dc6acf-ac00-7000-8000-000000000001'), true, 'attempts whose partition is gone show, too');
CREATE FUNCTION pg_temp.explain(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || explain.statement; END $$;
SELECT is((SELECT count(DISTINCT substring(line FROM 'on (attempt_[0-9]+w[0-9]+)')) FROM pg_temp.explain(format('SELECT * FROM moai.attempt WHERE event_id = %L', :'e')) AS line), 1::bigint,
    'looking up an event opens one partition');

SELECT * FROM finish();
ROLLBACK;
