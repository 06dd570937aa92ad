BEGIN;
SELECT plan(2);

SELECT is(moai_private.parking_length(0), '5 minutes', 'parking lasts five minutes');
SELECT is(moai_private.parking_length(0.5), '7 minutes 30 seconds', 'to ten, by chance');

SELECT * FROM finish();
ROLLBACK;
