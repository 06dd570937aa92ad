BEGIN;
\ir ../helpers.psql
SELECT plan(22);

CREATE TEMP TABLE subscriber (name text, id uuid);
INSERT INTO subscriber
SELECT array_to_string(types, ' '), pg_temp.subscribe('event_fan_out', types)
FROM (VALUES ('{*}'::text[]), ('{user.*}'), ('{user}'), ('{user.a}'), ('{user.a.*}'), ('{user.*,user.a,*}'), ('{users.*}'), ('{User.*}')) AS v(types);
SELECT pg_temp.subscribe('event_fan_out/2', '{*}') AS other \gset

CREATE FUNCTION pg_temp.takers(type text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    _event uuid := moai.publish(takers.type, '1', tenant => 'event_fan_out');
BEGIN
    RETURN (SELECT string_agg(s.name, ', ' ORDER BY s.name COLLATE "C") FROM moai_private.delivery AS d JOIN subscriber AS s ON s.id = d.subscription_id WHERE d.event_id = _event);
END $$;
SELECT is(pg_temp.takers('user'), '*, user, user.* user.a *', 'user is taken by user and *, not by user.*');
SELECT is(pg_temp.takers('user.a'), '*, user.*, user.* user.a *, user.a', 'user.a is taken by user.a, user.* and *, not by user.a.*');
SELECT is(pg_temp.takers('user.a.b'), '*, user.*, user.* user.a *, user.a.*', 'user.a.b is taken by user.* and user.a.*');
SELECT is(pg_temp.takers('users.a'), '*, user.* user.a *, users.*', 'users.a is not taken by user.*');
SELECT is(pg_temp.takers('User.a'), '*, User.*, user.* user.a *', 'types differ by case');
SELECT is(pg_temp.takers('useranda'), '*, user.* user.a *', 'a dot in a pattern is a dot');

SELECT moai.publish('user.a', '1', tenant => 'event_fan_out/2') AS e \gset
SELECT results_eq(format('SELECT subscription_id FROM moai_private.delivery WHERE event_id = %L', :'e'), format('VALUES (%L::uuid)', :'other'),
    'an event goes to the subscriptions of its own tenant');
SELECT results_eq(format('SELECT due_at, attempt_no, tries_left, lapses::int, parked, lease_token FROM moai_private.delivery WHERE event_id = %L', :'e'),
    format('SELECT published_at, 0, 3, 0, false, NULL::bigint FROM moai_private.event WHERE id = %L', :'e'),
    'a delivery is due when its event is published, with all its tries');
SELECT moai.publish('user.a', '1', tenant => 'event_fan_out/none') AS e \gset
SELECT is_empty(format('SELECT FROM moai_private.delivery WHERE event_id = %L', :'e'), 'an event that nobody takes owes nothing');

-- Held subscriptions.
SELECT pg_temp.subscribe('event_fan_out/held', '{*}', state => s) FROM unnest('{paused,disabled}'::moai.subscription_state[]) AS s;
SELECT moai.publish('user.a', '1', tenant => 'event_fan_out/held') AS e \gset
SELECT results_eq(format('SELECT parked, d.due_at - e.published_at FROM moai_private.delivery AS d JOIN moai_private.event AS e ON e.id = d.event_id WHERE d.event_id = %L', :'e'),
    $$VALUES (true, interval '30 s'), (true, interval '30 s')$$, 'a delivery to a held subscription is inserted parked, and comes back by itself');

-- Deleted ones.
SELECT pg_temp.subscribe('event_fan_out/deleted', '{*}') AS s \gset
UPDATE moai_private.subscription SET state = 'deleted', held = true WHERE id = :'s';
SELECT moai.publish('user.a', '1', tenant => 'event_fan_out/deleted') AS e \gset
SELECT is_empty(format('SELECT FROM moai_private.delivery WHERE event_id = %L', :'e'), 'a deleted subscription gets nothing more');

-- Sets.
CREATE TEMP TABLE batch AS SELECT * FROM moai.publish_batch((SELECT json_agg(json_build_object('type', t, 'payload', 1, 'tenant', 'event_fan_out')) FROM unnest('{user,user.a,user.a.b,nobody}'::text[]) AS t));
SELECT results_eq($$SELECT b.item, count(*)::int FROM batch AS b JOIN moai_private.delivery AS d ON d.event_id = b.id GROUP BY b.item ORDER BY b.item$$,
    $$VALUES (0, 3), (1, 4), (2, 4), (3, 2)$$, 'a batch is fanned out as a whole');
SELECT pg_temp.subscribe('event_fan_out/ten', '{t.*}') FROM generate_series(1, 10);
CREATE TEMP TABLE big AS SELECT * FROM moai.publish_batch((SELECT json_agg(json_build_object('type', 't.' || n, 'payload', n, 'tenant', 'event_fan_out/ten')) FROM generate_series(1, 1000) AS n));
SELECT is(count(DISTINCT (d.event_id, d.subscription_id)), 10000::bigint, '1000 events to 10 subscriptions are 10000 deliveries')
FROM big AS b JOIN moai_private.delivery AS d ON d.event_id = b.id;

-- Savepoints.
SELECT count(*) AS before FROM moai_private.delivery AS d JOIN moai_private.subscription AS s ON s.id = d.subscription_id WHERE s.tenant = 'event_fan_out/ten' \gset
SAVEPOINT s;
SELECT moai.publish('t.x', '1', tenant => 'event_fan_out/ten') AS e \gset
ROLLBACK TO s;
SELECT is_empty(format('SELECT FROM moai_private.event WHERE id = %L', :'e'), 'a savepoint rolled back takes the event with it');
SELECT is(count(*), :before::bigint, 'and its deliveries') FROM moai_private.delivery AS d JOIN moai_private.subscription AS s ON s.id = d.subscription_id WHERE s.tenant = 'event_fan_out/ten';

-- Many.
SELECT pg_temp.subscribe('event_fan_out/many', ARRAY['t' || n || '.*']) FROM generate_series(1, 500) AS n;
SELECT moai.publish('t77.x', '1', tenant => 'event_fan_out/many') AS e \gset
SELECT is(count(*), 1::bigint, 'one of many subscriptions is found') FROM moai_private.delivery WHERE event_id = :'e';
SELECT moai.publish(repeat('t77.', 63) || 'x', '1', tenant => 'event_fan_out/many') AS e \gset
SELECT is(count(*), 1::bigint, 'a type of 64 words is fanned out') FROM moai_private.delivery WHERE event_id = :'e';

-- Whatever the session has set.
SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_nestloop = off; SET LOCAL standard_conforming_strings = off; SET LOCAL escape_string_warning = off;
SET LOCAL TimeZone = 'America/St_Johns'; SET LOCAL DateStyle = 'SQL, DMY'; SET LOCAL IntervalStyle = 'sql_standard'; SET LOCAL bytea_output = 'escape';
SET LOCAL search_path = pg_temp, public;
SET LOCAL default_toast_compression = 'pglz';
SELECT is(pg_temp.takers('user.a'), '*, user.*, user.* user.a *, user.a', 'the caller''s settings change nothing');
SELECT ok(moai.publish('user.created', '{"a": "\\u00e9"}', 'k', 'event_fan_out') = moai.publish('user.created', '{"a": "\\u00e9"}', 'k', 'event_fan_out'), 'nor do they for a key');
RESET search_path; RESET standard_conforming_strings;

SELECT is(pg_temp.takers('user.a.b.c'), '*, user.*, user.* user.a *, user.a.*', 'a deeper type is taken by every prefix');
SELECT trigger_is('moai_private', 'event', 'event_fan_out', 'moai_private', 'tg_event_fan_out', 'the fan-out is a trigger in the publisher''s transaction');
SELECT is(tgtype & 1, 0, 'it runs once for a statement') FROM pg_trigger WHERE tgrelid = 'moai_private.event'::regclass AND tgname = 'event_fan_out';

SELECT * FROM finish();
ROLLBACK;
