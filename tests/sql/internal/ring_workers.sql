BEGIN;
SELECT plan(3);

SELECT lives_ok('SELECT moai_private.ring_workers() FROM generate_series(1, 100)', 'ringing again and again is allowed');
SET LOCAL moai.doorbell = off;
SELECT lives_ok('SELECT moai_private.ring_workers()', 'moai.doorbell = off keeps it silent');
SET LOCAL moai.doorbell = '';
SELECT lives_ok('SELECT moai_private.ring_workers()', 'an empty setting is none');

SELECT * FROM finish();
ROLLBACK;
