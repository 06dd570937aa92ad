BEGIN;
\ir ../helpers.psql
SELECT plan(7);

SELECT pg_temp.subscribe('cancel_delivery') AS s \gset
SELECT pg_temp.publish('cancel_delivery') AS e \gset
UPDATE moai_private.delivery SET attempt_no = 2 WHERE event_id = :'e';
SELECT moai_private.cancel_delivery(:'e' || '_' || :'s', pg_temp.at()) \g /dev/null
SELECT is(pg_temp.queued(:'e'), NULL, 'it leaves the queue');
SELECT results_eq(format('SELECT state, attempts, finished_at, reason, tries_left FROM moai.delivery WHERE event_id = %L', :'e'),
    $$VALUES ('cancelled'::moai.delivery_state, 2, pg_temp.at(), 'cancelled_by_operator', NULL::integer)$$, 'it has ended as cancelled');
SELECT is(pg_temp.error_of(format('SELECT moai.cancel_delivery(%L)', :'e' || '_' || :'s')), format('MO409: delivery has ended / id = %s_%s, state = cancelled', :'e', :'s'), 'a finished one stays as it ended');
SELECT pg_temp.publish('cancel_delivery') AS p \gset
SELECT pg_temp.claim_one() \g /dev/null
SELECT matches(pg_temp.error_of(format('SELECT moai.cancel_delivery(%L)', :'p' || '_' || :'s')), '^MO409: delivery is being delivered / ', 'one that is being delivered is left to its worker');
SELECT is(pg_temp.queued(:'p'), 'due 28.000, leased, attempt 0, tries 3, lapses 0', 'and keeps its lease');
SELECT moai.pause_subscription(:'s') \g /dev/null
SELECT moai.publish('a', '1', tenant => 'cancel_delivery') AS q \gset
SELECT moai.cancel_delivery(:'q' || '_' || :'s') \g /dev/null
SELECT is((SELECT state FROM moai.delivery WHERE event_id = :'q'), 'cancelled', 'a parked one is cancelled, too');
SELECT is(pg_temp.error_of($$SELECT moai.cancel_delivery('x')$$), 'MO404: no such delivery / id = ''x''', 'a malformed id is the id of nothing');

SELECT * FROM finish();
ROLLBACK;
