BEGIN;
\ir ../helpers.psql
SELECT plan(3);

SELECT id AS s FROM moai.create_subscription('https://receiver.test', '{a}', 'views/subscription', description => 'mine') \gset
SELECT results_eq(format('SELECT tenant, url, event_types, state, description FROM moai.subscription WHERE id = %L', :'s'),
    $$VALUES ('views/subscription', 'https://receiver.test', '{a}'::text[], 'active'::moai.subscription_state, 'mine')$$, 'a subscription is there');
SELECT hasnt_column('moai', 'subscription', 'secret', 'its secret is not');
SELECT moai.delete_subscription(:'s') \g /dev/null
SELECT is((SELECT state FROM moai.subscription WHERE id = :'s'), 'deleted', 'a deleted one stays to be read');

SELECT * FROM finish();
ROLLBACK;
