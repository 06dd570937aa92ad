BEGIN;
\ir ../helpers.psql
-- internal/lock_delivery.sql and internal/lock_subscription.sql: what they refuse is refused here and in pause_subscription.sql.
SELECT plan(11);

SELECT pg_temp.subscribe('retry_delivery') AS s \gset
SELECT pg_temp.publish('retry_delivery', due => '10 h') AS e \gset
SELECT moai_private.retry_delivery(upper(:'e' || '_' || :'s'), pg_temp.at()) \g /dev/null
SELECT is(pg_temp.queued(:'e'), 'due 0.000, free, attempt 0, tries 3, lapses 0', 'a waiting delivery is due now, its tries as they were');
UPDATE moai_private.delivery SET parked = true, due_at = 'infinity' WHERE event_id = :'e';
SELECT moai_private.retry_delivery(:'e' || '_' || :'s', pg_temp.at()) \g /dev/null
SELECT is(pg_temp.queued(:'e'), 'due 0.000, free, attempt 0, tries 3, lapses 0', 'a parked one of an active subscription is taken out of the parking');
SELECT pg_temp.claim_one() AS claimed \gset
SELECT matches(pg_temp.error_of(format('SELECT moai.retry_delivery(%L)', :'e' || '_' || :'s')), '^MO409: delivery is being delivered / id = .*, lease ends at ', 'one that is being delivered is left alone');
SELECT pg_temp.complete(json_build_array(pg_temp.result(:'claimed'::claimed, 'delivered', 200)), pg_temp.at()) \g /dev/null
SELECT is(pg_temp.error_of(format('SELECT moai.retry_delivery(%L)', :'e' || '_' || :'s')), format('MO409: delivery has ended / id = %s_%s, state = delivered', :'e', :'s'), 'a finished one stays finished');
SELECT pg_temp.publish('retry_delivery', due => '10 h') AS p \gset
SELECT moai.pause_subscription(:'s') \g /dev/null
SELECT is(pg_temp.error_of(format('SELECT moai.retry_delivery(%L)', :'p' || '_' || :'s')), format('MO409: subscription is paused / id = %s_%s, subscription = %2$s', :'p', :'s'), 'nothing is sent to a paused subscription');
SELECT is(pg_temp.queued(:'p'), 'due 36000.000, free, attempt 0, tries 3, lapses 0', 'and the delivery stays as it was');
SELECT is(pg_temp.error_of(format('SELECT moai.retry_delivery(%L)', i)), 'MO404: no such delivery / id = ' || quote_nullable(i), 'malformed ids are ids of nothing')
FROM unnest(ARRAY['', 'x', :'e', :'e' || :'s']) AS i;
SELECT is(pg_temp.error_of(format('SELECT moai.retry_delivery(%L)', :'s' || '_' || :'e')), format('MO404: no such delivery / id = %s_%s', :'s', :'e'), 'so is an unknown one');

SELECT * FROM finish();
ROLLBACK;
