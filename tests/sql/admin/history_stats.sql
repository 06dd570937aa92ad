BEGIN ISOLATION LEVEL REPEATABLE READ;  -- so that other work does not count
\ir ../helpers.psql
SELECT plan(3);

-- Others may have a history: what this test adds is measured against what was there.
SELECT moai.history_stats() AS before \gset
SELECT pg_temp.subscribe('history_stats', max_attempts => 1) AS s \gset
SELECT pg_temp.publish('history_stats') AS delivered \gset
SELECT pg_temp.complete(json_build_array(pg_temp.result(pg_temp.claim_one(), 'delivered', 204)), pg_temp.at('1 s')) \g /dev/null
SELECT pg_temp.publish('history_stats') AS dead \gset
SELECT pg_temp.complete(json_build_array(pg_temp.result(pg_temp.claim_one(), 'failed', 500, 'http_status', 'no')), pg_temp.at('1 s')) \g /dev/null
SELECT pg_temp.publish('history_stats') AS cancelled \gset
SELECT moai.cancel_delivery(:'cancelled' || '_' || :'s') \g /dev/null
SELECT pg_temp.publish('history_stats', due => '1 h') AS pending \gset
SELECT moai.history_stats() AS after \gset

CREATE FUNCTION pg_temp.added(before json, after json) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(key || ' ' || (value::bigint - (before ->> key)::bigint), ', ' ORDER BY key) FROM json_each_text(after)
$$;
SELECT is(pg_temp.added(:'before', :'after'), 'cancelled 1, dead 1, delivered 1, expired 0, superseded 0', 'each end is counted, and nothing that has not ended');
SELECT moai_private.redrive_dead_letters(ARRAY[:'dead' || '_' || :'s'], NULL, NULL, 1, pg_temp.at('8 s')) \g /dev/null
SELECT is(pg_temp.added(:'after', moai.history_stats()), 'cancelled 0, dead -1, delivered 0, expired 0, superseded 0', 'what was redriven has not ended');
SELECT pg_temp.complete(json_build_array(pg_temp.result(pg_temp.claim_one(pg_temp.at('8 s')), 'delivered', 204)), pg_temp.at('9 s')) \g /dev/null
SELECT is(pg_temp.added(:'after', moai.history_stats()), 'cancelled 0, dead -1, delivered 1, expired 0, superseded 0', 'and counts once, by its latest end');

SELECT * FROM finish();
ROLLBACK;
