BEGIN;
\ir ../helpers.psql
SELECT plan(11);

-- A key that another transaction holds: tests/cpp/integration/sql_concurrency_test.cpp.
CREATE FUNCTION pg_temp.items(keys text[], payloads integer[]) RETURNS moai_private.batch_item[] LANGUAGE sql VOLATILE AS $$
    SELECT moai_private.read_batch(json_agg(json_build_object('type', 'a', 'payload', p.payload, 'tenant', 'take_keys', 'idempotency_key', p.key) ORDER BY p.n), NULL, true, pg_temp.at())
    FROM unnest(keys, payloads) WITH ORDINALITY AS p(key, payload, n) $$;
CREATE FUNCTION pg_temp.take(keys text[], payloads integer[], at timestamptz DEFAULT pg_temp.at(), report boolean DEFAULT true) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT string_agg(coalesce(i.code, CASE WHEN i.duplicate THEN 'again' ELSE 'new' END), ' ' ORDER BY i.item)
    FROM unnest(moai_private.take_idempotency_keys(pg_temp.items(take.keys, take.payloads), take.report, false, take.at)) AS i $$;
CREATE FUNCTION pg_temp.kept(key text) RETURNS interval LANGUAGE sql STABLE AS $$
    SELECT k.expires_at - pg_temp.at() FROM moai_private.idempotency_key AS k WHERE k.tenant = 'take_keys' AND k.key = kept.key $$;

SELECT is(pg_temp.take('{a,b,c}', '{1,2,3}'), 'new new new', 'keys that stand for nothing are taken');
SELECT is(pg_temp.kept('b'), interval '24 h', 'for as long as their items say');
SELECT is(pg_temp.take('{b,d,a}', '{2,4,1}'), 'again new again', 'a key that stands for the same content makes a repeat');
SELECT is(pg_temp.take('{b,e}', '{9,5}'), 'MO409 new', 'one that stands for other content a conflict');
SELECT is(pg_temp.take('{f,g,f,f}', '{1,1,1,2}'), 'new new again MO409', 'within a batch the first item wins');
SELECT is(pg_temp.take(ARRAY['h', NULL, 'h'], '{1,1,1}'), 'new new again', 'an item without a key is none''s repeat');
SELECT is(pg_temp.take('{a,i,a,a}', '{7,1,7,8}', pg_temp.at('24 h')), 'new new again MO409', 'an expired key is free, for the first item that asks');
SELECT is(pg_temp.kept('a'), interval '48 h', 'and then kept anew');
SELECT is(pg_temp.error_of($$SELECT pg_temp.take('{j,b}', '{1,9}', report => false)$$) ~ '^MO409: idempotency_key was used for an event of other content / item 1: idempotency_key = ''b'', event = ', true,
    'without report a conflict is raised, naming the item');
SELECT is((SELECT string_agg(i.id::text, ' ' ORDER BY i.item) FROM unnest(moai_private.take_idempotency_keys(pg_temp.items('{b,b}', '{2,2}'), true, false, pg_temp.at())) AS i),
    (SELECT k.event_id || ' ' || k.event_id FROM moai_private.idempotency_key AS k WHERE k.tenant = 'take_keys' AND k.key = 'b'), 'a repeat has the id of the event that the key stands for');
SELECT is((SELECT i.message || ' / ' || i.hint || ' / ' || coalesce(i.id::text, 'no id') FROM unnest(moai_private.take_idempotency_keys(pg_temp.items('{b}', '{9}'), true, false, pg_temp.at())) AS i),
    'idempotency_key was used for an event of other content / Publish the same content again, or use another key. / no id', 'a conflict tells what to do, and has no id');

SELECT * FROM finish();
ROLLBACK;
