BEGIN;
\ir ../helpers.psql
SELECT plan(23);

-- One more delivery of s and its result at this time: since when it fails, when that was last noted, and its state.
CREATE FUNCTION pg_temp.after(s uuid, at interval, http_status integer, error_class text DEFAULT 'http_status') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.publish('note_failures', 'a', due => after.at);
    PERFORM pg_temp.complete(json_build_array(pg_temp.result(pg_temp.claim_one(pg_temp.at(after.at)),
        CASE after.http_status WHEN 200 THEN 'delivered' ELSE 'failed' END, after.http_status, after.error_class)), pg_temp.at(after.at));
    DELETE FROM moai_private.delivery WHERE subscription_id = after.s;
    RETURN (SELECT concat_ws(' ', 'since ' || (f.since - pg_temp.at()), 'last ' || (f.last - pg_temp.at()), x.state)
            FROM moai_private.subscription AS x LEFT JOIN moai_private.failing AS f ON f.subscription_id = x.id WHERE x.id = after.s);
END $$;
SELECT pg_temp.subscribe('note_failures', '{a}') AS s \gset
SELECT is(pg_temp.after(:'s', '1 h', 500), 'active', 'without disable_after nothing is noted');
UPDATE moai_private.subscription SET disable_after = '10 h' WHERE id = :'s';
SELECT is(pg_temp.after(:'s', '1 h', 200, NULL), 'active', 'a success is no failure');
SELECT is(pg_temp.after(:'s', '1 h', c, e), 'active', coalesce(e, 'no class') || ' is not the endpoint''s')
FROM (VALUES (NULL::integer, 'internal'), (NULL, 'lease_expired'), (NULL, 'blocked'), (NULL, 'invalid_request')) AS ours(c, e);
SELECT is(pg_temp.after(:'s', '2 h', 404), 'since 02:00:00 last 02:00:00 active', 'the first failure is noted, a refusal too');
SELECT is(pg_temp.after(:'s', '2 h 59 min', 500), 'since 02:00:00 last 02:00:00 active', 'what comes soon after it is not written');
SELECT is(pg_temp.after(:'s', '3 h 1 min', NULL, 'timeout'), 'since 02:00:00 last 03:01:00 active', 'later ones are, ten in all this time');
SELECT is((SELECT failing_since FROM moai.subscription WHERE id = :'s'), pg_temp.at('2 h'), 'it shows');
SELECT is(pg_temp.after(:'s', '4 h', 200, NULL), 'active', 'a success ends it');
SELECT is(pg_temp.after(:'s', '5 h', 500), 'since 05:00:00 last 05:00:00 active', 'the next failure begins anew');
SELECT is(pg_temp.after(:'s', '9 h', 500), 'since 05:00:00 last 09:00:00 active', 'half of the time without one');
SELECT is(pg_temp.after(:'s', '14 h 1 min', 500), 'since 14:01:00 last 14:01:00 active', 'or more begins it anew');
SELECT is(pg_temp.after(:'s', '19 h', 500), 'since 14:01:00 last 19:00:00 active', 'it goes on');
SELECT is(pg_temp.after(:'s', '24 h', 500), 'since 14:01:00 last 1 day active', 'almost long enough');
SELECT is(pg_temp.after(:'s', '24 h 1 min', 500), 'disabled', 'a failure after disable_after of nothing else disables it');
SELECT is((SELECT state_reason FROM moai.subscription WHERE id = :'s'), 'nothing but failures since 2000-01-01T14:01:00.000000Z', 'it says why');
SELECT is_empty(format('SELECT FROM moai_private.failing WHERE subscription_id = %L', :'s'), 'what it is resumed to begins anew');

-- With a breaker that is open for minutes, and a time hardly longer than that.
SELECT moai.resume_subscription(:'s') \g /dev/null
UPDATE moai_private.subscription SET disable_after = '1 minute' WHERE id = :'s';
SELECT matches(pg_temp.after(:'s', '30 h', 500), 'active$', 'a first failure');
SELECT matches(pg_temp.after(:'s', '31 h 59 min', 500), 'disabled$', 'a short time is not begun anew by the openings of a breaker, nor by an endpoint that asks for an hour');
SELECT is(moai_private.longest_silence('10 h'), '5 h', 'half of the time may be silent');
SELECT is(moai_private.longest_silence('1 minute'), '2 h', 'two hours always');

SELECT * FROM finish();
ROLLBACK;
