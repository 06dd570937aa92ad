BEGIN;
\ir ../helpers.psql
SELECT plan(7);

CREATE TEMP TABLE leased AS
SELECT state, lapses, pg_temp.subscribe('set_aside/' || state || lapses) AS s, pg_temp.publish('set_aside/' || state || lapses) AS e
FROM unnest('{active,paused,deleted}'::moai.subscription_state[]) AS state, unnest(ARRAY[0, 5]) AS lapses;
SELECT count(*) FROM moai_private.claim(6, pg_temp.at()) \g /dev/null
UPDATE moai_private.subscription AS s SET state = l.state, held = l.state <> 'active' FROM leased AS l WHERE s.id = l.s;

CREATE TEMP TABLE kept AS
SELECT * FROM unnest(moai_private.set_aside((SELECT array_agg((e, s, 0, state, lapses, 'http://receiver.test/', 'raw', 'whsec_', '15 s', NULL, NULL, 'POST', NULL)::moai_private.leased) FROM leased), pg_temp.at('1 s')));
SELECT results_eq('SELECT state, lapses::int FROM kept', $$VALUES ('active'::moai.subscription_state, 0)$$, 'only what may be sent comes back');
SELECT is(string_agg(state::text || lapses || ' ' || coalesce(pg_temp.queued(e), 'gone'), '; ' ORDER BY state, lapses),
    'active0 due 28.000, leased, attempt 0, tries 3, lapses 0; active5 gone; paused0 due never, free, attempt 0, tries 3, lapses 0, parked; ' ||
    'paused5 due never, free, attempt 0, tries 3, lapses 0, parked; deleted0 gone; deleted5 gone', 'paused ones are parked, however often they lapsed') FROM leased;
SELECT results_eq($$SELECT l.state::text || l.lapses, o.state::text, o.reason FROM leased AS l JOIN moai_private.outcome AS o ON o.event_id = l.e ORDER BY 1$$,
    $$VALUES ('active5', 'dead', 'crash_loop'), ('deleted0', 'cancelled', 'subscription_deleted'), ('deleted5', 'cancelled', 'subscription_deleted')$$, 'whatever ends has its terminal fact');
SELECT results_eq($$SELECT l.state::text || l.lapses, d.reason FROM leased AS l JOIN moai_private.dead_letter AS d ON d.event_id = l.e$$, $$VALUES ('active5', 'crash_loop')$$, 'five lapses make a dead letter');

-- The subscription was resumed after the claim had looked at it.
SELECT pg_temp.subscribe('set_aside/resumed') AS r \gset
SELECT pg_temp.publish('set_aside/resumed') AS re \gset
SELECT count(*) FROM moai_private.claim(1, pg_temp.at()) \g /dev/null
SELECT is((SELECT count(*) FROM unnest(moai_private.set_aside(ARRAY[(:'re', :'r', 0, 'paused', 0, 'http://receiver.test/', 'raw', 'whsec_', '15 s', NULL, NULL, 'POST', NULL)::moai_private.leased], pg_temp.at('1 s')))), 1::bigint, 'a subscription resumed meanwhile is delivered to');
SELECT is(pg_temp.queued(:'re'), 'due 28.000, leased, attempt 0, tries 3, lapses 0', 'its delivery stays leased');

-- moai.delivery.dead_lettered
SELECT pg_temp.subscribe('set_aside/told', '{a}') AS c, pg_temp.subscribe('set_aside/told', '{moai.*}') AS operator \gset
SELECT pg_temp.publish('set_aside/told', 'a') AS ce \gset
UPDATE moai_private.delivery SET lapses = 4, lease_token = 1 WHERE event_id = :'ce';
SELECT count(*) FROM moai_private.claim(1, pg_temp.at()) \g /dev/null
SELECT results_eq($$SELECT payload ->> 'event_id', payload ->> 'reason' FROM moai_private.event WHERE type = 'moai.delivery.dead_lettered' AND tenant = 'set_aside/told'$$,
    format($$VALUES (%L, 'crash_loop')$$, :'ce'), 'an event tells of such a dead letter');

SELECT * FROM finish();
ROLLBACK;
