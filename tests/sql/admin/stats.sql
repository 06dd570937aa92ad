BEGIN ISOLATION LEVEL REPEATABLE READ;  -- so that other work does not count
\ir ../helpers.psql
SELECT plan(8);

-- Others may be working: what this test adds is measured against what was there. The clock of its own makes the oldest due its own.
SET LOCAL application_name = 'moai worker stats test';
SELECT moai_private.stats(pg_temp.at()) AS before \gset
SELECT pg_temp.subscribe('stats') AS s \gset
SELECT pg_temp.publish('stats', due => '-10 s') AS a, pg_temp.publish('stats', due => '-5 s') AS b, pg_temp.publish('stats', due => '5 s') AS c, pg_temp.publish('stats', due => '6 s') AS d \gset
UPDATE moai_private.delivery SET lease_token = 1 WHERE event_id = :'b';
UPDATE moai_private.delivery SET attempt_no = 1 WHERE event_id = :'c';
UPDATE moai_private.delivery SET parked = true, due_at = 'infinity' WHERE event_id = :'d';
INSERT INTO moai_private.dead_letter VALUES (:'a', :'s', pg_temp.at(), 1, 'exhausted');
SELECT moai_private.stats(pg_temp.at()) AS after \gset

SELECT is((SELECT array_agg(key ORDER BY key) FROM json_object_keys(:'after') AS key),
    '{attempts_estimate,bundle,dead_letters,migration,partitions_until,queue,subscriptions,workers}', 'it tells these things');
SELECT is((SELECT array_agg(key ORDER BY key) FROM json_object_keys((:'after'::json) -> 'queue') AS key),
    '{delivering,depth,due,next_due_seconds,oldest_due_seconds,parked,pending,retrying}', 'and these of the queue');
SELECT is((:'after'::json -> 'queue' ->> 'oldest_due_seconds')::numeric, 10.000, 'the age of the oldest due');
SELECT is((:'after'::json -> 'queue' ->> 'next_due_seconds')::numeric, 0.000, 'nothing to wait for while something is due');
SELECT is((moai_private.stats(pg_temp.at('-15 s')) -> 'queue' ->> 'next_due_seconds')::numeric, 5.000, 'else the time until the first is');
SELECT is((SELECT string_agg(key || ' ' || (value::bigint - (:'before'::json -> 'queue' ->> key)::bigint), ', ' ORDER BY key)
           FROM json_each_text(:'after'::json -> 'queue') WHERE key !~ 'seconds'), 'delivering 1, depth 4, due 2, parked 1, pending 1, retrying 1', 'each state is counted');
SELECT ok(EXISTS (SELECT FROM json_array_elements(:'after'::json -> 'workers') AS w WHERE w ->> 'name' = 'stats test'), 'workers are known by their application_name');
SELECT ok((:'after'::json ->> 'partitions_until')::timestamptz > clock_timestamp() + interval '1 year' AND :'after'::json ->> 'migration' >= '0001_core'
          AND json_typeof(moai.stats() -> 'attempts_estimate') = 'number', 'the ends of the partitions, what is installed, and a guess at the history');

SELECT * FROM finish();
ROLLBACK;
