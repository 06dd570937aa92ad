BEGIN;
\ir ../helpers.psql
SELECT plan(12);

SELECT moai.publish('a', '"äbcdefg"') AS e \gset
CREATE FUNCTION pg_temp.part(id text, first text, last text) RETURNS text LANGUAGE sql
RETURN (SELECT format('%s %s-%s/%s %s', p.status, p.body::json ->> 'first', p.body::json ->> 'last', p.body::json ->> 'total', encode(decode(p.body::json ->> 'base64', 'base64'), 'escape'))
        FROM moai_rest.get_payload(part.id, part.first, part.last) AS p);
SELECT is(pg_temp.part(:'e', first, last), answer, format('bytes=%s-%s', first, last))
FROM (VALUES (NULL, NULL, '200 0-9/10 "\303\244bcdefg"'), ('0', '1', '200 0-1/10 "\303'), ('2', NULL, '200 2-9/10 \244bcdefg"'), ('8', '900', '200 8-9/10 g"'), (NULL, '2', '200 8-9/10 g"'), (NULL, '99', '200 0-9/10 "\303\244bcdefg"')) AS r(first, last, answer);
SELECT is(pg_temp.error_of(format('SELECT moai_rest.get_payload(%L, %L, %L)', :'e', first, last)), m, 'refused: ' || m)
FROM (VALUES ('10', NULL, 'MO416: the payload has no such bytes / first = 10, total = 10'), ('5', '4', 'MO416: the payload has no such bytes / first = 5, total = 10'),
    (NULL, '0', 'MO416: the payload has no such bytes / first = 10, total = 10'), ('-1', NULL, 'MO422: first and last are not byte positions / first = ''-1'', last = NULL')) AS bad(first, last, m);
SELECT is(pg_temp.error_of($$SELECT moai_rest.get_payload('x', NULL, NULL)$$), 'MO404: no such event / id = ''x''', 'a malformed id is the id of nothing');
SELECT results_eq(format($$SELECT (body::json ->> 'last')::integer, octet_length(decode(body::json ->> 'base64', 'base64')), octet_length(body) < 61440 FROM moai_rest.get_payload(%L, '5', NULL)$$,
    moai.publish('a', ('"' || repeat('x', 1048574) || '"')::json)), 'VALUES (45004, 45000, true)', 'one answer has 45000 bytes at most');

SELECT * FROM finish();
ROLLBACK;
