-- That a locked one is skipped is in tests/cpp/integration/sql_endpoint_health_test.cpp.
BEGIN;
\ir ../helpers.psql
SELECT plan(4);

SELECT pg_temp.subscribe('disable', '{a}') AS s, pg_temp.subscribe('disable', '{a}') AS t, pg_temp.subscribe('disable', '{a}', state => 'paused') AS paused,
    pg_temp.subscribe('disable', '{a}') AS other, pg_temp.subscribe('disable', '{moai.subscription.disabled}') AS operator \gset
SELECT moai_private.disable(ARRAY[:'t', :'paused', :'s']::uuid[], '{tired,paused,sick}', pg_temp.at('1 s')) \g /dev/null
SELECT results_eq($$SELECT id, state_reason, held, updated_at FROM moai_private.subscription WHERE tenant = 'disable' AND state = 'disabled' ORDER BY state_reason$$,
    format('VALUES (%L::uuid, ''sick'', true, pg_temp.at(''1 s'')), (%L, ''tired'', true, pg_temp.at(''1 s''))', :'s', :'t'), 'each for its reason');
SELECT is((SELECT state FROM moai_private.subscription WHERE id = :'paused'), 'paused', 'what somebody paused stays paused');
SELECT set_eq($$SELECT payload ->> 'subscription_id' AS id, payload ->> 'reason' AS reason FROM moai_private.event WHERE tenant = 'disable' AND type = 'moai.subscription.disabled'$$,
    format('VALUES (%L, ''sick''), (%L, ''tired'')', :'s', :'t'), 'an event tells of each that was disabled');
SELECT lives_ok('SELECT moai_private.disable(NULL, NULL, pg_temp.at())', 'none is none');

SELECT * FROM finish();
ROLLBACK;
