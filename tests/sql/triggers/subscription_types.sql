BEGIN;
\ir ../helpers.psql
SELECT plan(7);

SELECT pg_temp.subscribe('subscription_types', '{a.*,b,b}') AS s \gset
PREPARE patterns AS SELECT pattern FROM moai_private.subscription_type WHERE tenant = 'subscription_types' ORDER BY pattern COLLATE "C";
SELECT results_eq('patterns', $$VALUES ('a.*'), ('b')$$, 'each event type of a subscription is one row, given twice or not');
UPDATE moai_private.subscription SET event_types = '{b,*}' WHERE id = :'s';
SELECT results_eq('patterns', $$VALUES ('*'), ('b')$$, 'changed event types change the rows');
UPDATE moai_private.subscription SET url = 'https://other.test/' WHERE id = :'s';
SELECT results_eq('patterns', $$VALUES ('*'), ('b')$$, 'another change leaves them');
UPDATE moai_private.subscription SET state = 'paused', held = true WHERE id = :'s';
SELECT results_eq('patterns', $$VALUES ('*'), ('b')$$, 'a paused subscription still takes events');
UPDATE moai_private.subscription SET state = 'deleted' WHERE id = :'s';
SELECT is_empty('patterns', 'a deleted subscription takes none');
SELECT isnt_empty($$SELECT FROM moai_private.subscription WHERE tenant = 'subscription_types'$$, 'a deleted subscription stays for its history');
SELECT pg_temp.subscribe('subscription_types', '{a}', state => 'deleted');
SELECT is_empty('patterns', 'one inserted as deleted takes none either');

SELECT * FROM finish();
ROLLBACK;
