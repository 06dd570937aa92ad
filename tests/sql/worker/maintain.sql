BEGIN;
SELECT plan(3);
SET LOCAL lock_timeout = '20s';
SELECT moai.maintain() \g /dev/null
SELECT is((SELECT partitions_made FROM moai.maintain()), 0, 'partitions are made once');
INSERT INTO moai_private.idempotency_key VALUES ('worker/maintain', 'k', gen_random_uuid(), '', clock_timestamp() - interval '1 s');
SELECT ok(keys_expired > 0, 'expired keys are removed') FROM moai.maintain();
SELECT is_definer('moai', 'maintain', 'it runs as the owner');
SELECT * FROM finish();
ROLLBACK;
