BEGIN;
\ir ../helpers.psql
SELECT plan(7);

SELECT pg_temp.subscribe('publish_group') \g /dev/null
CREATE FUNCTION pg_temp.item(payload integer) RETURNS json LANGUAGE sql RETURN json_build_object('type', 'a', 'payload', item.payload, 'tenant', 'publish_group');
CREATE TEMP TABLE answers AS SELECT row_number() OVER () AS n, g.* FROM moai_rest.publish_group(
    json_build_array(pg_temp.item(1), json_build_object('payload', 2), pg_temp.item(3), pg_temp.item(3), pg_temp.item(4))::text, '[null,null,"k","k","k"]') AS g;
SELECT is((SELECT string_agg(coalesce(status::text, code), ' ' ORDER BY n) FROM answers), '202 MO422 202 202 MO409', 'each has its own answer, in order');
SELECT is(a.body, format('{"id":"%s","duplicate":false}', e.id), 'a good one''s is the id of its event')
FROM answers AS a, moai_private.event AS e WHERE a.n = 1 AND e.tenant = 'publish_group' AND e.payload::text = '1';
SELECT is(second.body, replace(first.body, 'false', 'true'), 'a repeat has the id of the first') FROM answers AS first, answers AS second WHERE first.n = 3 AND second.n = 4;
SELECT results_eq($$SELECT message, detail, hint, body, status FROM answers WHERE n = 2$$, $$VALUES ('type is missing', '', 'Give the event type, for example "user.created".', NULL, NULL::integer)$$, 'a bad one''s is its error, as by itself');
SELECT is((SELECT count(*) FROM moai_private.delivery AS d JOIN moai_private.event AS e ON e.id = d.event_id WHERE e.tenant = 'publish_group'), 2::bigint, 'the good ones are fanned out');
SELECT is((SELECT string_agg(status::text, ' ') FROM moai_rest.publish_group('[{"type":"a","payload":1,"tenant":"publish_group"}]', NULL)), '202', 'one alone is a group, too, and keys may be left out');
SELECT is_definer('moai_rest', 'publish_group', 'it runs as the owner');

SELECT * FROM finish();
ROLLBACK;
