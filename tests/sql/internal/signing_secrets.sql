BEGIN;
\ir ../helpers.psql
SELECT plan(5);

SELECT is(moai_private.signing_secrets('a', NULL, NULL, pg_temp.at()), 'a', 'without replaced ones it is the secret alone');
SELECT is(moai_private.signing_secrets('a', '{b,c}', ARRAY[pg_temp.at('1 s'), pg_temp.at('2 s')], pg_temp.at()), 'a b c', 'those that count follow in their order');
SELECT is(moai_private.signing_secrets('a', '{b,c}', ARRAY[pg_temp.at('1 s'), pg_temp.at('2 s')], pg_temp.at('1 s')), 'a c', 'one stops at its time');
SELECT is(moai_private.signing_secrets('a', '{b,c}', ARRAY[pg_temp.at('1 s'), pg_temp.at('2 s')], pg_temp.at('2 s')), 'a', 'so does the last');

-- Every way to claim gives them.
SELECT pg_temp.subscribe('signing') AS s \gset
UPDATE moai_private.subscription SET old_secrets = '{whsec_b2xk}', old_until = ARRAY[pg_temp.at('1 min')] WHERE id = :'s';
SELECT pg_temp.publish('signing') AS a, pg_temp.publish('signing', due => '1 s') AS b, pg_temp.publish('signing', due => '2 s') AS c \gset
UPDATE moai_private.delivery SET parked = true, due_at = pg_temp.at('10 min') WHERE event_id = :'c';
SELECT is(ARRAY[
    (SELECT secret FROM moai_private.claim(1, pg_temp.at())),
    (SELECT secret FROM moai_private.claim(1, pg_temp.at('1 s'), false, ARRAY[gen_random_uuid()]) WHERE event_id IS NOT NULL),
    (SELECT secret FROM moai_private.claim(1, pg_temp.at('2 s'), false, '{}', ARRAY[:'s'::uuid], ARRAY[1]) WHERE event_id IS NOT NULL)],
    array_fill('whsec_c2VjcmV0 whsec_b2xk'::text, ARRAY[3]), 'each way to claim gives all that sign');

SELECT * FROM finish();
ROLLBACK;
