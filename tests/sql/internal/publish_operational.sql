BEGIN;
\ir ../helpers.psql
SELECT plan(13);

SELECT results_eq($$SELECT p, moai_private.is_operational(p) FROM unnest(ARRAY['moai', 'moai.*', 'moai.a.b', '*', 'moais', 'a.moai', '']) AS p$$,
    $$VALUES ('moai', true), ('moai.*', true), ('moai.a.b', true), ('*', false), ('moais', false), ('a.moai', false), ('', false)$$, 'moai''s own begin with the word moai');

-- What was published about a subscription: to whose tenant, of which type, what.
CREATE FUNCTION pg_temp.told(about uuid) RETURNS SETOF text LANGUAGE sql AS $$
SELECT format('%s %s %s', e.tenant, e.type, e.payload::jsonb - 'subscription_id') FROM moai_private.event AS e
        WHERE e.type LIKE 'moai.%' AND e.payload ->> 'subscription_id' = told.about::text $$;
SELECT pg_temp.subscribe('operational', '{order.*}') AS s, pg_temp.subscribe('operational', '{a}') AS other, pg_temp.subscribe('operational, elsewhere', '{*}') AS elsewhere \gset
SELECT moai_private.publish_operational('moai.secret.rotated', ARRAY[:'s']::uuid[], ARRAY['{"a":1}']::jsonb[]) \g /dev/null
SELECT is_empty(format('SELECT pg_temp.told(%L)', :'s'), 'nothing is published that nobody wants to hear');
SELECT pg_temp.subscribe('operational', '{*}') AS all_of_it \gset
SELECT is(moai_private.hearers('moai.secret.rotated', ARRAY[:'s']::uuid[]), '{}', '* is all that the application publishes, and no more');
SELECT pg_temp.subscribe('operational', '{moai.secret.*}') AS operator \gset
SELECT is(moai_private.hearers('moai.secret.rotated', ARRAY[:'s', :'elsewhere']::uuid[]), ARRAY[:'s']::uuid[], 'a pattern that begins with moai. hears of its own tenant');
SELECT is(moai_private.hearers('moai.endpoint.failing', ARRAY[:'s']::uuid[]), '{}', 'and of what it names');
SELECT is(moai_private.hearers('moai.secret.rotated', ARRAY[:'operator']::uuid[]), '{}', 'nothing is told of who hears such events: two that fail would tell of each other without end');
UPDATE moai_private.subscription SET event_types = '{a,moai.*}' WHERE id = :'other';
SELECT is(moai_private.hearers('moai.secret.rotated', ARRAY[:'other']::uuid[]), '{}', 'whatever else it hears');
SELECT is(moai_private.hearers('moai.secret.rotated', NULL), '{}', 'of none there is nobody');

UPDATE moai_private.subscription SET description = 'billing' WHERE id = :'s';
SELECT moai_private.publish_operational('moai.secret.rotated', ARRAY[:'elsewhere', :'s', :'operator']::uuid[], ARRAY['{"n":1}', '{"n":2}', '{"n":3}']::jsonb[]) \g /dev/null
SELECT is((SELECT count(*) FROM moai_private.event WHERE type = 'moai.secret.rotated' AND tenant LIKE 'operational%'), 1::bigint, 'an event for each that somebody hears of');
SELECT results_eq(format('SELECT pg_temp.told(%L)', :'s'), $$VALUES ('operational moai.secret.rotated {"n": 2, "description": "billing"}')$$, 'to its tenant, with its own details');
SELECT set_eq(format('SELECT d.subscription_id FROM moai_private.delivery AS d JOIN moai_private.event AS e ON e.id = d.event_id WHERE e.payload ->> ''subscription_id'' = %L', :'s'),
    ARRAY[:'operator', :'other']::uuid[], 'it is delivered to all who hear such, and to nobody else');
SELECT ok(e.payload::text !~ 'receiver.test|whsec', 'neither its URL nor its secret is told') FROM moai_private.event AS e WHERE e.type = 'moai.secret.rotated' AND e.tenant = 'operational';
SELECT is(pg_temp.error_of($$SELECT moai.publish('moai.secret.rotated', '1')$$), 'MO422: type is reserved / type = ''moai.secret.rotated''', 'nobody else publishes such');

SELECT * FROM finish();
ROLLBACK;
