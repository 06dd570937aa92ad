BEGIN;
SELECT plan(11);

CREATE FUNCTION pg_temp.take(key text, id integer, content text, at timestamptz, tenant text DEFAULT 'take_idempotency_key') RETURNS text LANGUAGE sql
RETURN (SELECT coalesce(right(t.first_id::text, 1), 'taken') || CASE t.same_content WHEN true THEN ', same' WHEN false THEN ', other' ELSE '' END
        FROM moai_private.take_idempotency_key(take.tenant, take.key, lpad(take.id::text, 32, '0')::uuid, convert_to(take.content, 'UTF8'), '24 h', take.at) AS t);

SELECT is(pg_temp.take('k', 1, 'x', '2000-01-01'), 'taken', 'a new key is taken');
SELECT is(pg_temp.take('k', 2, 'x', '2000-01-01'), '1, same', 'a repeated key gives the first event');
SELECT is(pg_temp.take('k', 3, 'y', '2000-01-01'), '1, other', 'a key used for other content says so');
SELECT is(pg_temp.take('k', 4, 'x', '2000-01-01 23:59:59.999999'), '1, same', 'a key stands until it expires');
SELECT is(pg_temp.take('K', 5, 'y', '2000-01-01'), 'taken', 'keys differ by case');
SELECT is(pg_temp.take('k', 6, 'y', '2000-01-01', 'another tenant'), 'taken', 'each tenant has keys of its own');
SELECT is(pg_temp.take('k', 7, 'y', '2000-01-02'), 'taken', 'an expired key is taken anew, for other content too');
SELECT is(pg_temp.take('k', 8, 'y', '2000-01-02 23:00'), '7, same', 'the key then stands for the new event');
SELECT throws_ok($$SELECT moai_private.refuse_other_content('it''s', '00000000-0000-0000-0000-000000000001')$$, 'MO409',
    'idempotency_key was used for an event of other content', 'other content is a conflict');
SELECT is((SELECT t.detail FROM moai_private.key_in_use_texts('it''s') AS t), 'idempotency_key = ''it''''s''', 'a key that is being taken is named');
SELECT is((SELECT t.detail FROM moai_private.key_in_use_texts(NULL) AS t), 'idempotency_key = that of an item', 'unless it is not known which one it is');

SELECT * FROM finish();
ROLLBACK;
