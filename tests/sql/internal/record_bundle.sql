BEGIN;
SELECT plan(2);
SELECT moai_private.record_bundle('one');
SELECT moai_private.record_bundle('two');
SELECT is(count(*), 1::bigint, 'one bundle is on record') FROM moai_private.bundle;
SELECT is(hash, 'two', 'the bundle on record is the one applied last') FROM moai_private.bundle;
SELECT * FROM finish();
ROLLBACK;
