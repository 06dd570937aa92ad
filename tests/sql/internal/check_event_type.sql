BEGIN;
SELECT plan(30);

SELECT lives_ok(format('SELECT moai_private.check_event_type(%L)', t), format('%s is an event type', left(t, 32)))
FROM unnest(ARRAY['a', 'user.created', 'A-b_9.0.-', 'moais', 'moai-x.y', 'a.moai', repeat('x', 256), repeat('a.', 127) || 'b']) AS t;

SELECT throws_ok(format('SELECT moai_private.check_event_type(%L)', t), 'MO422', 'type is not an event type', format('%s is no event type', to_json(t)))
FROM unnest(ARRAY['.', '..', 'a..b', '.a', 'a.', 'a b', ' a', 'a/b', 'a.*', '*', E'a\n', E'\na', E'a\nb', 'é', 'Straße', 'ａ', 'a,b']) AS t;

SELECT throws_ok($$SELECT moai_private.check_event_type(repeat('x', 257))$$, 'MO422', 'type is 257 bytes long, 256 are allowed',
    'a type has at most 256 bytes');
SELECT throws_ok($$SELECT moai_private.check_event_type('')$$, 'MO422', 'type is missing', 'an empty type is a missing one');
SELECT throws_ok($$SELECT moai_private.check_event_type(NULL)$$, 'MO422', 'type is missing', 'a type is needed');
SELECT throws_ok(format('SELECT moai_private.check_event_type(%L)', t), 'MO422', 'type is reserved', t || ' is moai''s own')
FROM unnest(ARRAY['moai', 'moai.delivery.dead_lettered']) AS t;

SELECT * FROM finish();
ROLLBACK;
