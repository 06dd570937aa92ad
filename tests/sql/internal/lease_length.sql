BEGIN;
SELECT plan(1);
SELECT is(moai_private.lease_length('15 s'), interval '28 s', 'a lease is the resolver''s deadline, the timeout and 10 s');
SELECT * FROM finish();
ROLLBACK;
