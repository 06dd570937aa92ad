BEGIN;
SELECT plan(4);
SET LOCAL lock_timeout = '20s';

INSERT INTO moai_private.idempotency_key
SELECT 'maintain', k, gen_random_uuid(), '', timestamptz '1990-01-01' + e
FROM (VALUES ('old', interval '0'), ('just', interval '1 day'), ('young', interval '1 day 1 microsecond')) AS v(k, e);

CREATE TEMP TABLE done AS SELECT * FROM moai_private.maintain('1990-01-02');
SELECT is(keys_expired, 2, 'keys are removed once they have expired') FROM done;
SELECT results_eq($$SELECT key FROM moai_private.idempotency_key WHERE tenant = 'maintain'$$, $$VALUES ('young')$$, 'a key that has not expired stays');
SELECT ok(partitions_made > 0, 'the partitions around the time are made') FROM done;
SELECT is(partitions_made, 0, 'and not twice') FROM moai_private.maintain('1990-01-02');

SELECT * FROM finish();
ROLLBACK;
