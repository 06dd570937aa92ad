BEGIN;
SELECT plan(6);

SELECT set_eq($$SELECT unnest(moai_private.type_patterns('a.b.c'))$$, '{a.b.c,*,a.*,a.b.*}'::text[], 'a type is taken by itself, * and every prefix of it');
SELECT set_eq($$SELECT unnest(moai_private.type_patterns('user'))$$, '{user,*}'::text[], 'user is not taken by user.*');
SELECT set_eq($$SELECT unnest(moai_private.type_patterns('user.a'))$$, '{user.a,*,user.*}'::text[], 'user.a is taken by user.*');
SELECT is(cardinality(moai_private.type_patterns(repeat('a.', 127) || 'b')), 129, 'the longest type is a look-up of 129 keys');
SELECT set_eq($$SELECT unnest(moai_private.type_patterns('moai.secret.rotated'))$$, '{moai.secret.rotated,moai.*,moai.secret.*}'::text[], 'a type of moai''s own is not taken by *');
SELECT set_eq($$SELECT unnest(moai_private.type_patterns('moais.a'))$$, '{moais.a,*,moais.*}'::text[], 'only the word moai begins such a type');

SELECT * FROM finish();
ROLLBACK;
