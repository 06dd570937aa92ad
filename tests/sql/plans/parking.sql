-- 100 000 due deliveries of an endpoint that hangs, and 100 000 that are parked, cost a claim the rows of its batch. Counted as in queue.sql;
-- the tables were never analysed.
BEGIN;
\ir ../helpers.psql
SELECT plan(15);

CREATE FUNCTION pg_temp.cost_of(statement text, OUT seq bigint, OUT fetched bigint, OUT changed bigint) LANGUAGE plpgsql AS $$
DECLARE
    _r regclass := 'moai_private.delivery';
    _seq bigint := pg_stat_get_xact_numscans(_r);
    _fetched bigint := (SELECT sum(pg_stat_get_xact_tuples_fetched(i.indexrelid)) FROM pg_index AS i WHERE i.indrelid = _r);
    _changed bigint := pg_stat_get_xact_tuples_updated(_r);
BEGIN
    EXECUTE statement;
    seq := pg_stat_get_xact_numscans(_r) - _seq;
    fetched := (SELECT sum(pg_stat_get_xact_tuples_fetched(i.indexrelid)) FROM pg_index AS i WHERE i.indrelid = _r) - _fetched;
    changed := pg_stat_get_xact_tuples_updated(_r) - _changed;
END $$;

SELECT pg_temp.subscribe('parking/hangs') AS hangs, pg_temp.subscribe('parking/parked') AS parked, pg_temp.subscribe('parking/other') AS other \gset
-- Plans are made while there is next to nothing.
SELECT pg_temp.publish('parking/hangs', due => '-2 days') \g /dev/null
SELECT count(*) FROM generate_series(1, 7) AS n CROSS JOIN LATERAL moai_private.claim(10, pg_temp.at('-2 days') + n * interval '0', true, ARRAY[:'hangs']::uuid[]) \g /dev/null
SELECT count(*) FROM generate_series(1, 7) AS n CROSS JOIN LATERAL moai_private.claim(0, pg_temp.at('-2 days') + n * interval '0', true, '{}', ARRAY[:'hangs']::uuid[], '{1}') \g /dev/null
DELETE FROM moai_private.delivery WHERE subscription_id = :'hangs';

INSERT INTO moai_private.delivery (event_id, subscription_id, due_at, tries_left, parked)
SELECT moai_private.uuid_v7(clock_timestamp() + make_interval(secs => n / 1000.0)), s.id,
    pg_temp.at() + CASE WHEN s.parked THEN interval '5 min' ELSE interval '-1 day' END + make_interval(secs => n / 1000.0), 3, s.parked
FROM generate_series(1, 100000) AS n, (VALUES (:'hangs'::uuid, false), (:'parked', true)) AS s(id, parked);
INSERT INTO moai_private.event (id, published_at, tenant, type, payload)
SELECT event_id, pg_temp.at(), 'parking/none', 'x', json '1' FROM moai_private.delivery WHERE subscription_id = :'parked' ORDER BY event_id LIMIT 1000;
SELECT pg_temp.publish('parking/other') AS fresh FROM generate_series(1, 5) \g /dev/null

CREATE TEMP TABLE cost AS SELECT * FROM pg_temp.cost_of(format('CREATE TEMP TABLE first AS SELECT * FROM moai_private.claim(100, pg_temp.at(), true, ARRAY[%L, %L]::uuid[])', :'hangs', :'parked'));
SELECT is(seq, 0::bigint, 'a claim past 100 000 due rows of a saturated endpoint reads no table as a whole') FROM cost;
SELECT cmp_ok(fetched, '<=', 700::bigint, 'it meets some hundreds of rows') FROM cost;
SELECT is(changed, 25::bigint, 'of which it moves twenty, and leases those of others') FROM cost;
SELECT is((SELECT count(*) FROM first WHERE subscription_id = :'other'), 5::bigint, 'and finds all that is due of others');
CREATE TEMP TABLE more AS SELECT n, c.* FROM generate_series(1, 20) AS n CROSS JOIN LATERAL pg_temp.cost_of(format('SELECT * FROM moai_private.claim(100, pg_temp.at() + interval ''%s us'', true, ARRAY[%L, %L]::uuid[])', n, :'hangs', :'parked')) AS c;
SELECT unnest(ARRAY[is(max(seq), 0::bigint, 'nor do the claims after it'), cmp_ok(max(fetched), '<=', 700::bigint, 'they meet no more'), is(ARRAY[min(changed), max(changed)], '{20,20}', 'each of them moves twenty')]) FROM more;
SELECT is((SELECT count(*) FROM moai_private.delivery WHERE subscription_id = :'hangs' AND parked), (SELECT sum(changed)::bigint FROM more) + (SELECT changed - 5 FROM cost), 'none of them meets again what one before it has moved');

CREATE TEMP TABLE back AS SELECT * FROM pg_temp.cost_of(format('CREATE TEMP TABLE unparked AS SELECT * FROM moai_private.claim(0, pg_temp.at(), true, ''{}'', ARRAY[%L, %L]::uuid[], ''{16,4}'')', :'parked', :'other'));
SELECT is(seq, 0::bigint, 'bringing back 16 of 100 000 reads no table as a whole') FROM back;
SELECT cmp_ok(fetched, '<=', 150::bigint, 'it meets a few rows for each') FROM back;
SELECT is((SELECT count(*) FROM unparked), 16::bigint, 'as many as asked for');

CREATE TEMP TABLE known AS SELECT * FROM pg_temp.cost_of('CREATE TEMP TABLE endpoints AS SELECT * FROM moai_private.endpoints(pg_temp.at())');
SELECT is(seq, 0::bigint, 'asking whose deliveries are parked reads no table as a whole') FROM known;
SELECT cmp_ok(fetched, '<=', 1000::bigint, 'it goes from one subscription to the next') FROM known;
SELECT ok((SELECT bool_and(has_parked) AND count(*) = 2 FROM endpoints WHERE subscription_id IN (:'hangs', :'parked')), 'and finds both');
SELECT is((SELECT count(*) FROM unparked AS u WHERE u.event_id > (SELECT d.event_id FROM moai_private.delivery AS d WHERE d.subscription_id = :'parked' AND d.parked ORDER BY d.event_id LIMIT 1)), 0::bigint, 'what came back were the oldest');

SELECT * FROM finish();
ROLLBACK;
