BEGIN;
\ir ../helpers.psql
SELECT plan(14);

SELECT pg_temp.subscribe('delete_subscription') AS s \gset
SELECT pg_temp.publish('delete_subscription', due => '-1 s') AS leased \gset
SELECT pg_temp.claim_one(pg_temp.at('-1 s')) AS claimed \gset
SELECT pg_temp.publish('delete_subscription') AS waiting, pg_temp.publish('delete_subscription') AS parked, pg_temp.publish('delete_subscription') AS dead \gset
UPDATE moai_private.delivery SET parked = true, due_at = 'infinity', attempt_no = 2 WHERE event_id = :'parked';
DELETE FROM moai_private.delivery WHERE event_id = :'dead';
INSERT INTO moai_private.dead_letter VALUES (:'dead', :'s', pg_temp.at(), 3, 'exhausted');

INSERT INTO moai_private.failing VALUES (:'s', pg_temp.at(), pg_temp.at());
SELECT is(moai_private.delete_subscription(:'s', pg_temp.at('1 h')), 2, 'it tells how many deliveries it cancelled');
SELECT is_empty(format('SELECT FROM moai_private.failing WHERE subscription_id = %L', :'s'), 'nothing is held against its endpoint any more');
SELECT results_eq(format('SELECT event_id, decided_at, attempt_no, state, reason FROM moai_private.outcome WHERE subscription_id = %L ORDER BY attempt_no', :'s'),
    format($$VALUES (%L::uuid, pg_temp.at('1 h'), 0, 'cancelled'::moai.delivery_state, 'subscription_deleted'), (%L, pg_temp.at('1 h'), 2, 'cancelled', 'subscription_deleted')$$, :'waiting', :'parked'),
    'waiting and parked deliveries end as cancelled');
SELECT is(pg_temp.queued(:'waiting'), NULL, 'they have left the queue');
SELECT is((SELECT state FROM moai.delivery WHERE event_id = :'leased'), 'delivering', 'one that is being delivered stays');
SELECT is(pg_temp.complete(json_build_array(pg_temp.result(:'claimed'::claimed, 'failed', 500, 'http_status')), pg_temp.at('2 h')), '0 delivered, 0 retried, 0 dead, 0 released, 0 orphaned', 'its failure is not retried');
SELECT is((SELECT state FROM moai.delivery WHERE event_id = :'leased'), 'cancelled', 'it then is cancelled');
SELECT is((SELECT state FROM moai.subscription WHERE id = :'s'), 'deleted', 'the subscription stays for the history that names it');
SELECT is((SELECT count(*) FROM moai_private.subscription_type WHERE subscription_id = :'s'), 0::bigint, 'it matches nothing any more');
SELECT is((SELECT count(*) FROM moai.dead_letter WHERE event_id = :'dead'), 1::bigint, 'its dead letters stay readable');
SELECT is(pg_temp.error_of(format('SELECT moai.redrive_dead_letters(ids => ARRAY[%L])', :'dead' || '_' || :'s')),
    format('MO410: subscription of the dead letter is deleted / id = %s_%s, subscription = %2$s', :'dead', :'s'), 'but cannot be redriven');
SELECT is(moai.redrive_dead_letters(subscription_id => :'s'), 0, 'and are skipped by a redrive of many');
SELECT is(moai.delete_subscription(:'s'), 0, 'repeating it is harmless');
SELECT is(pg_temp.error_of($$SELECT moai.delete_subscription('00000000-0000-7000-8000-000000000000')$$), 'MO404: no such subscription / id = 00000000-0000-7000-8000-000000000000', 'an unknown id is none');

SELECT * FROM finish();
ROLLBACK;
