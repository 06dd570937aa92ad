-- What the documentation is made of: COMMENT ON.
BEGIN;
SELECT plan(7);

SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname IN ('moai', 'moai_rest', 'moai_private') AND obj_description(p.oid, 'pg_proc') IS NULL$$, 'every function is commented');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('moai', 'moai_rest', 'moai_private') AND c.relkind IN ('v', 'r', 'p') AND NOT c.relispartition AND obj_description(c.oid, 'pg_class') IS NULL$$, 'so is every view and table');
SELECT is_empty($$SELECT t.oid::regtype FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace LEFT JOIN pg_class AS c ON c.oid = t.typrelid
    WHERE n.nspname IN ('moai', 'moai_rest', 'moai_private') AND (t.typtype IN ('e', 'd') OR c.relkind = 'c') AND obj_description(t.oid, 'pg_type') IS NULL$$, 'and every type');
SELECT is_empty($$SELECT n.nspname FROM pg_namespace AS n WHERE n.nspname IN ('moai', 'moai_rest', 'moai_private') AND obj_description(n.oid, 'pg_namespace') IS NULL$$, 'and every schema');
SELECT is_empty($$SELECT p.proname FROM pg_proc AS p WHERE p.pronamespace IN ('moai'::regnamespace, 'moai_rest'::regnamespace) AND p.provolatile = 'v'
    AND obj_description(p.oid, 'pg_proc') !~ 'ocks'$$, 'what changes something tells its locks');
SELECT is_empty($$SELECT p.proname, a.name FROM pg_proc AS p CROSS JOIN LATERAL unnest(p.proargnames[1:p.pronargs]) AS a(name)
    WHERE p.pronamespace = 'moai'::regnamespace AND p.pronargs > 0 AND strpos(obj_description(p.oid, 'pg_proc'), a.name) = 0
      AND obj_description(p.oid, 'pg_proc') !~ ('(as|As) moai\.')
      AND a.name NOT IN ('type', 'tenant', 'idempotency_ttl', 'id', 'login', 'worker', 'description')$$, 'arguments that are not plain are told');
SELECT is_empty($$SELECT p.proname FROM pg_proc AS p WHERE p.pronamespace IN ('moai'::regnamespace, 'moai_rest'::regnamespace)
    AND length(split_part(obj_description(p.oid, 'pg_proc'), E'\n', 1)) > 170$$, 'first lines are short enough for \df+');

SELECT * FROM finish();
ROLLBACK;
