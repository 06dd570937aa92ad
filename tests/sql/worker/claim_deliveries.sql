BEGIN;
\ir ../helpers.psql
SELECT plan(10);

SELECT pg_temp.subscribe('claim_deliveries') \g /dev/null
SELECT pg_temp.publish('claim_deliveries') AS e \gset
-- Its due time is the least there is, so the claim of one takes it and nobody else's.
SELECT clock_timestamp() AS before \gset
CREATE TEMP TABLE c AS SELECT * FROM moai.claim_deliveries('tester', 1);
SELECT is(event_id, :'e'::uuid, 'what is due now is claimed, the oldest first') FROM c;
SELECT ok(d.due_at BETWEEN :'before'::timestamptz + interval '28 s' AND clock_timestamp() + interval '28 s', 'its lease is counted from now') FROM moai_private.delivery AS d WHERE d.event_id = :'e';
SELECT ok(to_timestamp(claimed_at_us / 1000000.0) BETWEEN :'before'::timestamptz - interval '1 ms' AND clock_timestamp(), 'the server''s clock is told') FROM c;
SELECT is(pg_temp.error_of(format('SELECT moai.claim_deliveries(%L, %L)', 'w', n)), 'MO422: max_count is outside of 1 to 10000 / max_count = ' || coalesce(n::text, 'null'), 'max_count is checked')
FROM unnest(ARRAY[0, -1, 10001, NULL]) AS n;
SELECT pg_temp.publish('claim_deliveries') AS e2 \gset
SELECT results_eq($$SELECT event_id, next_due_in_us FROM moai.claim_deliveries('tester', 1, since_us => 4102444800000000)$$,
    $$VALUES (NULL::uuid, NULL::bigint)$$, 'since_us is a time like claimed_at_us, and nothing is looked at before it');
SELECT is(event_id, :'e2'::uuid, 'a claim from a moment ago takes what has just come')
FROM moai.claim_deliveries('tester', 1, since_us => (SELECT (extract(epoch FROM d.due_at) * 1000000)::bigint - 1 FROM moai_private.delivery AS d WHERE d.event_id = :'e2'), look_ahead => false);
SELECT is_definer('moai', 'claim_deliveries', 'it runs as the owner');

SELECT * FROM finish();
ROLLBACK;
