BEGIN;
\ir ../helpers.psql
SELECT plan(8);

SELECT pg_temp.subscribe('pause_subscription') AS s \gset
SELECT pg_temp.publish('pause_subscription') AS before \gset
SELECT moai.pause_subscription(:'s', 'endpoint moves') \g /dev/null
SELECT results_eq(format('SELECT state, state_reason, held FROM moai_private.subscription WHERE id = %L', :'s'),
    $$VALUES ('paused'::moai.subscription_state, 'endpoint moves', true)$$, 'it is paused, and says why');
SELECT moai.publish('user.a', '1', tenant => 'pause_subscription') AS later \gset
SELECT is((SELECT state FROM moai.delivery WHERE event_id = :'later'), 'parked', 'later events fan out and wait');
SELECT is((pg_temp.claim_one()).event_id, NULL, 'nothing of it is claimed');
SELECT is(pg_temp.queued(:'before'), 'due never, free, attempt 0, tries 3, lapses 0, parked', 'what was waiting is parked at its turn, no try spent');
SELECT moai.pause_subscription(:'s') \g /dev/null
SELECT is((SELECT state_reason FROM moai.subscription WHERE id = :'s'), NULL, 'repeating it changes the reason');
SELECT is(pg_temp.error_of(format('SELECT moai.pause_subscription(%L, repeat(''x'', 1001))', :'s')), 'MO422: reason is 1001 characters long, 1000 are allowed', 'the reason is checked');
SELECT is(pg_temp.error_of($$SELECT moai.pause_subscription('00000000-0000-7000-8000-000000000000')$$), 'MO404: no such subscription / id = 00000000-0000-7000-8000-000000000000', 'an unknown id is none');
SELECT moai.delete_subscription(:'s') \g /dev/null
SELECT is(pg_temp.error_of(format('SELECT moai.pause_subscription(%L)', :'s')), 'MO410: subscription is deleted / id = ' || :'s', 'a deleted one is gone');

SELECT * FROM finish();
ROLLBACK;
