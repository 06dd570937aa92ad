BEGIN;
\ir ../helpers.psql
SELECT plan(7);

SELECT pg_temp.subscribe('rest/rotate_secret') AS s \gset
SELECT status, body FROM moai_rest.rotate_secret(:'s', '') \gset
SELECT is(:status, 200, 'it is done');
SELECT is(:'body'::json ->> 'secret', (SELECT secret FROM moai_private.subscription WHERE id = :'s'), 'the new secret is told');
SELECT ok((:'body'::json ->> 'old_secrets_until')::timestamptz BETWEEN clock_timestamp() + '23 h 59 min' AND clock_timestamp() + '24 h', 'and until when the one before signs too');
SELECT is((SELECT body::json ->> 'old_secrets_until' FROM moai_rest.rotate_secret(:'s', '{"overlap":"PT0S","secret":"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}')), NULL, 'an overlap may be given');
SELECT is((SELECT secret FROM moai_private.subscription WHERE id = :'s'), 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=', 'and a secret');
SELECT is(pg_temp.error_of(format('SELECT moai_rest.rotate_secret(%L, ''{"why":"x"}'')', :'s')), 'MO422: unknown field why', 'unknown fields are named');
SELECT is(pg_temp.error_of($$SELECT moai_rest.rotate_secret('x', '')$$), 'MO404: no such subscription / id = ''x''', 'a malformed id is the id of nothing');

SELECT * FROM finish();
ROLLBACK;
