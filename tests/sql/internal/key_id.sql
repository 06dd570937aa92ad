BEGIN;
\ir ../helpers.psql
SELECT plan(4);

SELECT is(moai_private.key_id('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'), '96ad2ccd', 'a secret is named by the beginning of its SHA-256');
SELECT is(moai_private.key_id(NULL), NULL, 'no secret has no name');

-- Where it is shown.
SELECT pg_temp.subscribe('key_id') AS s \gset
SELECT is(s.key_id, moai_private.key_id(p.secret), 'a subscription shows it') FROM moai.subscription AS s JOIN moai_private.subscription AS p USING (id) WHERE s.id = :'s';
SELECT is(r.body::json ->> 'key_id', moai_private.key_id(p.secret), 'by REST too') FROM moai_private.subscription AS p, moai_rest.get_subscription(:'s') AS r WHERE p.id = :'s';

SELECT * FROM finish();
ROLLBACK;
