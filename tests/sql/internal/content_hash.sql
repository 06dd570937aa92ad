BEGIN;
SELECT plan(5);

SELECT is(moai_private.content_hash('a', '{"x": 1}'), sha256(convert_to(E'a\n{"x": 1}', 'UTF8')), 'content is type and payload bytes');
SELECT isnt(moai_private.content_hash('a', '{"x": 1}'), moai_private.content_hash('b', '{"x": 1}'), 'another type is another content');
SELECT isnt(moai_private.content_hash('a', '{"x": 1}'), moai_private.content_hash('a', '{"x":1}'), 'another spelling is another content');
SELECT isnt(moai_private.content_hash('a', '1.0'), moai_private.content_hash('a', '1'), 'another spelling of a number is another content');
SELECT isnt(moai_private.content_hash('a', '"\u00e9"'), moai_private.content_hash('a', '"é"'), 'another escape is another content');

SELECT * FROM finish();
ROLLBACK;
