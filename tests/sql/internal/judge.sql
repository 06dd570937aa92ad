BEGIN;
\ir ../helpers.psql
SELECT plan(19);

SELECT pg_temp.subscribe('judge', max_attempts => 2) AS s \gset
SELECT pg_temp.publish('judge') AS e \gset
SELECT pg_temp.claim_one()::text AS c \gset
CREATE FUNCTION pg_temp.verdict(result json) RETURNS text LANGUAGE sql VOLATILE
RETURN (SELECT string_agg(format('%s at %s, attempt %s%s', coalesce(v.verdict, 'none'), extract(epoch FROM v.due_at - pg_temp.at())::numeric(12,3), (v.attempt).attempt_no,
                          CASE WHEN (v.attempt).is_orphan THEN ', orphan' ELSE '' END), '; ') FROM unnest(moai_private.judge('tester', json_build_array(verdict.result), true, pg_temp.at('1 s'))) AS v);

SELECT is(pg_temp.verdict(pg_temp.result(:'c'::claimed, 'delivered', 200)), 'delivered at 1.000, attempt 1', 'a success is delivered');
SELECT is(pg_temp.verdict(pg_temp.result(:'c'::claimed, 'failed', 500)), 'retried at 6.000, attempt 1', 'a failure with a try left is retried');
CREATE FUNCTION pg_temp.asked(claimed claimed, retry_after_us bigint) RETURNS json LANGUAGE sql
RETURN (pg_temp.result(asked.claimed, 'failed', 429)::jsonb || jsonb_build_object('retry_after_us', asked.retry_after_us))::json;
SELECT is(pg_temp.verdict(pg_temp.asked(:'c'::claimed, 60000000)), 'retried at 61.000, attempt 1', 'a retry is not due before the receiver wants it');
SELECT is(pg_temp.verdict(pg_temp.asked(:'c'::claimed, 4999999)), 'retried at 6.000, attempt 1', 'nor before the policy does');
SELECT is(pg_temp.verdict(pg_temp.asked(:'c'::claimed, 9223372036854775807)), 'retried at 86401.000, attempt 1', 'of what a receiver wants a day counts');
SELECT is(pg_temp.verdict(pg_temp.asked(:'c'::claimed, -1)), 'retried at 6.000, attempt 1', 'and nothing less than nothing');
SELECT is(pg_temp.verdict(pg_temp.asked(:'c'::claimed, NULL)), 'retried at 6.000, attempt 1', 'unknown is nothing');
SELECT is(pg_temp.verdict(pg_temp.result(:'c'::claimed, 'released')), 'released at 1.000, attempt 1', 'what was not started is released');
SELECT matches(pg_temp.verdict(pg_temp.result(:'c'::claimed, 'parked')), '^parked at (30[1-9]|3[1-9][0-9]|[45][0-9]{2}|60[01])\.\d+, attempt 1$', 'what there was no room for is parked for 5 to 10 minutes');
UPDATE moai_private.subscription SET retry_schedule = '{3 s}', give_up_on = '{400,404}' WHERE id = :'s';
SELECT is(pg_temp.verdict(pg_temp.result(:'c'::claimed, 'failed', 500)), 'retried at 4.000, attempt 1', 'a schedule says when');
SELECT matches(pg_temp.verdict(pg_temp.result(:'c'::claimed, 'failed', 404)), '^dead ', 'a status that is given up on is the end');
SELECT is(pg_temp.verdict(pg_temp.result(:'c'::claimed, 'failed', 403)), 'retried at 4.000, attempt 1', 'another is not');
SELECT is(pg_temp.verdict(pg_temp.result(:'c'::claimed, 'failed', NULL, 'timeout')), 'retried at 4.000, attempt 1', 'nor is what has none');
SELECT is(pg_temp.verdict(pg_temp.result(:'c'::claimed, 'released')), 'released at 1.000, attempt 1', 'nor what was not started');
UPDATE moai_private.subscription SET retry_schedule = NULL, give_up_on = NULL WHERE id = :'s';
UPDATE moai_private.subscription SET state = 'paused', held = true WHERE id = :'s';
SELECT is(pg_temp.verdict(pg_temp.result(:'c'::claimed, 'parked')), 'released at 1.000, attempt 1', 'that of a subscription that was stopped meanwhile is looked at again at once');
UPDATE moai_private.subscription SET state = 'active', held = false WHERE id = :'s';
UPDATE moai_private.delivery SET tries_left = 1 WHERE event_id = :'e';
SELECT is(pg_temp.verdict(pg_temp.result(:'c'::claimed, 'failed', 500)), 'dead at 26.000, attempt 1', 'a failure of the last try is the end');
UPDATE moai_private.delivery SET lease_token = lease_token + 1 WHERE event_id = :'e';
SELECT is(pg_temp.verdict(pg_temp.result(:'c'::claimed, 'failed', 500)), 'none at 1.000, attempt 1, orphan', 'a result without its lease decides nothing');
SELECT is(pg_temp.verdict(pg_temp.result(:'c'::claimed, 'released')), NULL, 'and one that was not started is not even told');
SELECT is(pg_temp.verdict(pg_temp.result(:'c'::claimed, 'parked')), NULL, 'nor one that was to be parked');

SELECT * FROM finish();
ROLLBACK;
