-- Whatever size the planner takes the tables for, the queue is worked by probes of its indexes. Measured on real calls: the statistics of
-- this transaction count every scan and every row fetched.
BEGIN;
\ir ../helpers.psql
SELECT plan(18);

-- What one call does to a table: how often it is read as a whole, and how many of its rows it meets by an index. Rows, not entries: of those
-- an earlier run has left dead ones. But of subscription_type the entries, for they alone are read.
CREATE FUNCTION pg_temp.met(relation regclass) RETURNS bigint LANGUAGE sql
RETURN (SELECT sum(CASE met.relation WHEN 'moai_private.subscription_type'::regclass THEN pg_stat_get_xact_tuples_returned(i.indexrelid)
                   ELSE pg_stat_get_xact_tuples_fetched(i.indexrelid) END) FROM pg_index AS i WHERE i.indrelid = met.relation);
CREATE FUNCTION pg_temp.cost_of(statement text, relation regclass DEFAULT 'moai_private.delivery', OUT seq bigint, OUT fetched bigint) LANGUAGE plpgsql AS $$
DECLARE
    _scans bigint := pg_stat_get_xact_numscans(relation);
    _met bigint := pg_temp.met(relation);
BEGIN
    EXECUTE statement;
    seq := pg_stat_get_xact_numscans(relation) - _scans;
    fetched := pg_temp.met(relation) - _met;
END $$;

-- Plans are made and kept while there is next to nothing, as in a session that is older than the traffic.
SELECT pg_temp.subscribe('plans/fan-out', '{*}') FROM generate_series(1, 3) \g /dev/null
SELECT count(*) FROM moai.publish_batch((SELECT json_agg(json_build_object('type', 'many.x', 'payload', n, 'tenant', 'plans/fan-out')) FROM generate_series(1, 1000) AS n)) \g /dev/null

-- 50 000 deliveries of 200 subscriptions, never analysed; in virtual time long before any living one.
SELECT pg_temp.subscribe('plans/' || n % 10, ARRAY['*', 'many.*']) FROM generate_series(1, 200) AS n \g /dev/null
INSERT INTO moai_private.delivery (event_id, subscription_id, due_at, tries_left, parked)
SELECT e.id, s.id, pg_temp.at('-1 day') + make_interval(secs => e.n), 3, e.n > 225
FROM (SELECT n, moai_private.uuid_v7(clock_timestamp()) AS id FROM generate_series(1, 250) AS n) AS e,
     (SELECT id FROM moai_private.subscription WHERE tenant LIKE 'plans/%') AS s;
INSERT INTO moai_private.event (id, published_at, tenant, type, payload)
SELECT DISTINCT ON (event_id) event_id, pg_temp.at(), 'plans/none', 'many.x', json '1' FROM moai_private.delivery WHERE due_at < pg_temp.at();

SELECT is(seq, 0::bigint, 'a claim out of 50000 reads no table as a whole') FROM pg_temp.cost_of('CREATE TEMP TABLE first AS SELECT * FROM moai_private.claim(100, pg_temp.at())');
SELECT is(count(*), 100::bigint, 'it claims what it was asked for') FROM first;
SELECT cmp_ok(fetched, '<=', 600::bigint, 'and meets a few rows for each delivery') FROM pg_temp.cost_of('CREATE TEMP TABLE second AS SELECT * FROM moai_private.claim(100, pg_temp.at())');
SELECT cmp_ok(fetched, '<=', 20::bigint, 'a claim with nothing due meets next to nothing') FROM pg_temp.cost_of($$SELECT * FROM moai_private.claim(1000, pg_temp.at('-1 year'))$$);

CREATE TEMP TABLE results AS SELECT json_agg(pg_temp.result(ROW(f.*)::claimed, (ARRAY['delivered', 'failed', 'released'])[1 + abs(hashtext(f.event_id::text || f.subscription_id)) % 3], 500)) AS r FROM first AS f;
SELECT unnest(ARRAY[is(seq, 0::bigint, 'completing 100 of 50000 reads no table as a whole'),
    cmp_ok(fetched, '<=', 800::bigint, 'and meets a few rows for each result')])
FROM pg_temp.cost_of($$SELECT moai_private.complete('tester', (SELECT r FROM results), pg_temp.at())$$);
SELECT unnest(ARRAY[is(seq, 0::bigint, 'nor does completing what is done already'),
    cmp_ok(fetched, '<=', 800::bigint, 'which meets few')])
FROM pg_temp.cost_of($$SELECT moai_private.complete('tester', (SELECT r FROM results), pg_temp.at())$$);

-- Entries of what is done, which this transaction keeps from being removed.
CREATE FUNCTION pg_temp.entries_of(statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    _before bigint := pg_stat_get_xact_tuples_returned('moai_private.delivery_due_idx'::regclass);
BEGIN
    EXECUTE statement;
    RETURN pg_stat_get_xact_tuples_returned('moai_private.delivery_due_idx'::regclass) - _before;
END $$;
SELECT count(*) FROM generate_series(990, 999) AS n CROSS JOIN LATERAL moai_private.claim(n, pg_temp.at()) \g /dev/null
SELECT cmp_ok(pg_temp.entries_of($$SELECT * FROM moai_private.claim(1, pg_temp.at())$$), '>=', 9000::bigint, 'a claim of everything reads past the entries of what is done');
SELECT min(due_at) - interval '1 us' AS mark FROM moai_private.delivery \gset
SELECT cmp_ok(pg_temp.entries_of(format($$SELECT * FROM moai_private.claim(1, pg_temp.at(), since => %L)$$, :'mark')),
    '<=', 2000::bigint, 'one from a time on does not');

-- The fan-out: of the 2000 that take '*' in other tenants it meets none.
INSERT INTO moai_private.subscription_type SELECT 'plans/other' || n % 7, '*', gen_random_uuid() FROM generate_series(1, 2000) AS n;
SELECT unnest(ARRAY[is(seq, 0::bigint, 'fanning out reads no table of subscriptions as a whole'),
    cmp_ok(fetched, '<=', 30::bigint, 'and meets only the tenant''s own')])
FROM pg_temp.cost_of($$SELECT moai.publish('many.x', '1', tenant => 'plans/fan-out')$$, 'moai_private.subscription_type');
SELECT unnest(ARRAY[is(seq, 0::bigint, 'nor the subscriptions'),
    cmp_ok(fetched, '<=', 30::bigint, 'of which it meets those that take the event')])
FROM pg_temp.cost_of($$SELECT moai.publish('many.x', '1', tenant => 'plans/fan-out')$$, 'moai_private.subscription');
SELECT unnest(ARRAY[is(seq, 0::bigint, 'nor the queue'),
    cmp_ok(fetched, '<=', 30::bigint, 'of which it meets next to nothing')])
FROM pg_temp.cost_of($$SELECT moai.publish('many.x', '1', tenant => 'plans/fan-out')$$);
SELECT unnest(ARRAY[is(seq, 0::bigint, 'a batch is fanned out by probes too'),
    cmp_ok(fetched, '<=', 10000::bigint, 'a few for each event')])
FROM pg_temp.cost_of($$SELECT count(*) FROM moai.publish_batch((SELECT json_agg(json_build_object('type', 'many.x', 'payload', n, 'tenant', 'plans/fan-out')) FROM generate_series(1, 1000) AS n))$$, 'moai_private.subscription_type');

SELECT * FROM finish();
ROLLBACK;
