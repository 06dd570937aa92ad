BEGIN;
\ir ../helpers.psql
SELECT plan(23);

CREATE FUNCTION pg_temp.secrets(s uuid, at timestamptz) RETURNS text LANGUAGE sql
RETURN (SELECT moai_private.signing_secrets(s.secret, s.old_secrets, s.old_until, secrets.at) FROM moai_private.subscription AS s WHERE s.id = secrets.s);
CREATE FUNCTION pg_temp.key(n integer) RETURNS text LANGUAGE sql RETURN 'whsec_' || encode(decode(repeat(lpad(to_hex(n), 2, '0'), 24), 'hex'), 'base64');
CREATE FUNCTION pg_temp.rotate(s uuid, overlap interval, n integer, after interval) RETURNS text LANGUAGE sql
RETURN moai_private.rotate_secret(rotate.s, rotate.overlap, pg_temp.key(rotate.n), pg_temp.at(rotate.after));

SELECT pg_temp.subscribe('rotate') AS s, 'whsec_c2VjcmV0' AS first \gset
SELECT is(pg_temp.rotate(:'s', '24 h', 1, '0'), pg_temp.key(1), 'the new secret is returned');
SELECT is(pg_temp.secrets(:'s', pg_temp.at('24 h') - interval '1 us'), pg_temp.key(1) || ' ' || :'first', 'both sign until the overlap ends, the new one first');
SELECT is(pg_temp.secrets(:'s', pg_temp.at('24 h')), pg_temp.key(1), 'then the new one alone');
SELECT is((SELECT updated_at FROM moai_private.subscription WHERE id = :'s'), pg_temp.at(), 'the subscription has changed');
SELECT is(pg_temp.error_of(format('SELECT pg_temp.rotate(%L, ''24 h'', 1, ''1 h'')', :'s')), 'MO422: secret is one that the subscription has / id = ' || :'s', 'the same secret is none');

SELECT pg_temp.rotate(:'s', '7 days', 2, '1 h') \g /dev/null
SELECT is(pg_temp.secrets(:'s', pg_temp.at('2 h')), concat_ws(' ', pg_temp.key(2), pg_temp.key(1), :'first'), 'rotating again keeps what still counts');
SELECT is(pg_temp.secrets(:'s', pg_temp.at('24 h')), concat_ws(' ', pg_temp.key(2), pg_temp.key(1)), 'for no longer than it was to');
SELECT is(pg_temp.error_of(format('SELECT pg_temp.rotate(%L, ''1 h'', 1, ''2 h'')', :'s')), 'MO422: secret is one that the subscription has / id = ' || :'s', 'nor is one that still counts');
SELECT pg_temp.rotate(:'s', '1 h', 3, '3 h') \g /dev/null
SELECT is(pg_temp.secrets(:'s', pg_temp.at('4 h')), pg_temp.key(3), 'a shorter overlap shortens those before');
SELECT is((SELECT cardinality(old_secrets) FROM moai_private.subscription WHERE id = :'s'), 3, 'until it has ended all are kept');
SELECT pg_temp.rotate(:'s', '0', 4, '3 h') \g /dev/null
SELECT results_eq(format('SELECT secret, old_secrets, old_until FROM moai_private.subscription WHERE id = %L', :'s'), $$SELECT pg_temp.key(4), NULL::text[], NULL::timestamptz[]$$, 'one of 0 ends and erases all');

SELECT pg_temp.rotate(:'s', '1 day', n, '4 h') FROM generate_series(5, 8) AS n \g /dev/null
SELECT is(pg_temp.error_of(format('SELECT pg_temp.rotate(%L, ''1 day'', 9, ''5 h'')', :'s')), 'MO409: 4 replaced secrets still count / the first of them until 2000-01-02T04:00:00.000000Z', 'there are four at most');
SELECT is(pg_temp.secrets(:'s', pg_temp.at('5 h')), (SELECT string_agg(pg_temp.key(n), ' ' ORDER BY n DESC) FROM generate_series(4, 8) AS n), 'and nothing has changed');
SELECT is(pg_temp.rotate(:'s', '1 day', 9, '28 h'), pg_temp.key(9), 'those that have ended make room');

SELECT is(pg_temp.error_of(format('SELECT moai_private.rotate_secret(%L, %L, NULL, pg_temp.at())', :'s', overlap)), format('MO422: overlap is outside of 0 s to 7 days / overlap = %s', coalesce(overlap::text, 'null')), 'refused: ' || coalesce(overlap::text, 'null'))
FROM unnest(ARRAY[interval '-1 us', interval '7 days 1 us', NULL]) AS overlap;
SELECT matches(pg_temp.error_of(format('SELECT moai_private.rotate_secret(%L, ''0'', ''whsec_c2hvcnQ='', pg_temp.at())', :'s')), '^MO422: secret is 5 bytes long', 'a secret that is given is checked');
SELECT matches(moai_private.rotate_secret(:'s', '0', NULL, pg_temp.at('30 h')), '^whsec_[A-Za-z0-9+/]{43}=$', 'one is made otherwise');

SELECT pg_temp.subscribe('rotated', '{a}') AS r, pg_temp.subscribe('rotated', '{moai.secret.rotated}') AS operator \gset
SELECT moai_private.rotate_secret(:'r', '1 h', NULL, pg_temp.at()) \g /dev/null
SELECT results_eq($$SELECT payload::jsonb FROM moai_private.event WHERE type = 'moai.secret.rotated' AND tenant = 'rotated'$$,
    format($$VALUES ('{"subscription_id":"%s","description":null,"old_secrets_until":"2000-01-01T01:00:00.000000Z"}'::jsonb)$$, :'r'), 'an event tells of it, without any secret');

-- ed25519
SELECT id AS e FROM moai.create_subscription('http://a', '{*}', 'ed25519') \gset
SELECT is(moai_private.rotate_secret(:'e', '1 h', 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==', pg_temp.at()), 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==', 'a secret of another kind may follow');
SELECT is((SELECT split_part(moai_private.signing_secrets(s.secret, s.old_secrets, s.old_until, pg_temp.at()), '_', 1) || cardinality(s.old_secrets) FROM moai_private.subscription AS s WHERE s.id = :'e'), 'whsk1', 'both sign meanwhile');
SELECT is(pg_temp.error_of(format('SELECT moai_private.rotate_secret(%L, ''0'', NULL, pg_temp.at())', :'e')), 'MO422: secret is missing / id = ' || :'e', 'which none is made of');

SELECT * FROM finish();
ROLLBACK;
