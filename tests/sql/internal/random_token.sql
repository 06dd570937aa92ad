BEGIN;
SELECT plan(3);
SELECT is(count(DISTINCT t), 1000::bigint, 'no two tokens are alike') FROM (SELECT moai_private.random_token() AS t FROM generate_series(1, 1000)) AS x;
SELECT ok(bit_or(t) = -1, 'every bit is set in some token') FROM (SELECT moai_private.random_token() AS t FROM generate_series(1, 1000)) AS x;
SELECT ok(bit_and(t) = 0, 'no bit is set in every token') FROM (SELECT moai_private.random_token() AS t FROM generate_series(1, 1000)) AS x;
SELECT * FROM finish();
ROLLBACK;
