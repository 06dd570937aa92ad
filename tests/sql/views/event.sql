BEGIN;
\ir ../helpers.psql
SELECT plan(4);

SELECT moai.publish('user.created', '{"b": 1.0,  "a": 2}', tenant => 'views/event') AS e \gset
SELECT results_eq(format('SELECT tenant, type, payload::text FROM moai.event WHERE id = %L', :'e'), $$VALUES ('views/event', 'user.created', '{"b": 1.0,  "a": 2}')$$, 'an event is there with the bytes of its payload');
INSERT INTO moai_private.event_held (id, published_at, tenant, type, payload) VALUES ('00dc6acf-ac00-7000-8000-000000000001', pg_temp.at(), 'views/event', 'old', '1');
SELECT is((SELECT type FROM moai.event WHERE id = '00dc6acf-ac00-7000-8000-000000000001'), 'old', 'so is one whose partition is gone');
CREATE TEMP TABLE plan (line text);
CREATE FUNCTION pg_temp.explain(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || explain.statement; END $$;
SET LOCAL enable_seqscan = off;
INSERT INTO plan SELECT pg_temp.explain(format('SELECT * FROM moai.event WHERE id = %L', :'e'));
SELECT is((SELECT count(*) FROM plan WHERE line ~ 'Scan.* on event(_[0-9w]+)? '), 1::bigint, 'looking up an id opens one partition');
SELECT is((SELECT count(*) FROM plan WHERE line ~ 'Seq Scan'), 0::bigint, 'by its index');

SELECT * FROM finish();
ROLLBACK;
