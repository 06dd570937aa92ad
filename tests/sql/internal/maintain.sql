BEGIN;
SELECT plan(6);
SET LOCAL lock_timeout = '20s';

INSERT INTO moai_private.idempotency_key
SELECT 'maintain', k, gen_random_uuid(), '', timestamptz '1990-01-01' + e
FROM (VALUES ('old', interval '0'), ('just', interval '1 day'), ('young', interval '1 day 1 microsecond')) AS v(k, e);

CREATE TEMP TABLE done AS SELECT * FROM moai_private.maintain('1990-01-02');
SELECT is(keys_expired, 2, 'keys are removed once they have expired') FROM done;
SELECT results_eq($$SELECT key FROM moai_private.idempotency_key WHERE tenant = 'maintain'$$, $$VALUES ('young')$$, 'a key that has not expired stays');
SELECT ok(partitions_made > 0, 'the partitions around the time are made') FROM done;
INSERT INTO moai_private.subscription (id, tenant, url, event_types, format, secret, timeout, max_attempts, retry_base, retry_factor, retry_cap, retry_jitter, created_at, updated_at, old_secrets, old_until, method)
SELECT gen_random_uuid(), 'maintain ' || c, 'https://receiver.test/', '{*}', 'standard', 'whsec_c2VjcmV0', '15 s', 3, '5 s', 5, '24 h', 0, '1990-01-01', '1990-01-01', '{a,b}', ARRAY['1990-01-02', u]::timestamptz[], 'POST'
FROM (VALUES ('ended', '1990-01-01'), ('counts', '1990-01-02 00:00:00.000001')) AS v(c, u);
SELECT moai_private.maintain('1990-01-02') \g /dev/null
SELECT is((SELECT old_secrets FROM moai_private.subscription WHERE tenant = 'maintain ended'), NULL, 'replaced secrets are erased once none of them counts');
SELECT is((SELECT old_secrets FROM moai_private.subscription WHERE tenant = 'maintain counts'), '{b}', 'each of them on its own');
SELECT is(partitions_made, 0, 'and not twice') FROM moai_private.maintain('1990-01-02');

SELECT * FROM finish();
ROLLBACK;
