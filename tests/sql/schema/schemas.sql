-- What is in the schemas, who owns it, and the walls around it.
BEGIN;
SELECT plan(14);

SELECT is((SELECT array_agg(c.relname::text ORDER BY c.relname) FROM pg_class AS c WHERE c.relnamespace = 'moai_private'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition),
    '{attempt,attempt_held,bundle,dead_letter,delivery,endpoint_state,event,event_held,failing,idempotency_key,login_tenant,migration,outcome,outcome_held,subscription,subscription_type}', 'these are the tables');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class AS c WHERE c.relnamespace IN ('moai'::regnamespace, 'moai_rest'::regnamespace) AND c.relkind NOT IN ('v', 'c')$$, 'none of them is public');
SELECT views_are('moai', ARRAY['event', 'subscription', 'delivery', 'attempt', 'dead_letter'], 'these are the public views');
SELECT is((SELECT array_agg(t.typname::text ORDER BY t.typname) FROM pg_type AS t WHERE t.typnamespace = 'moai'::regnamespace AND t.typtype = 'e'), '{delivery_state,subscription_state}', 'these are the public types');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class AS c WHERE c.relnamespace = 'moai_private'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND c.relname NOT IN ('bundle', 'login_tenant', 'migration') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)$$, 'row-level security is on, and forced, wherever a tenant has something');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class AS c WHERE c.relnamespace = 'moai_private'::regnamespace AND c.relrowsecurity
    AND NOT EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid AND p.polname = 'tenant_wall' AND p.polcmd = '*' AND p.polroles = '{0}')$$, 'by one policy for all');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p WHERE p.pronamespace IN ('moai'::regnamespace, 'moai_rest'::regnamespace) AND NOT p.prosecdef$$, 'public functions run as the owner');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname IN ('moai', 'moai_rest', 'moai_private')
    AND p.prosecdef AND NOT 'search_path=pg_catalog, pg_temp' = ANY (coalesce(p.proconfig, '{}'))$$, 'and those that do have their search_path pinned');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p WHERE p.pronamespace = 'moai_private'::regnamespace AND p.prosecdef AND p.proname NOT IN ('sees_all_tenants', 'visible_tenants', 'sees_subscription')$$,
    'private ones run as their caller, but for those of the policies');
SELECT is_empty($$SELECT c.oid::regclass::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname IN ('moai', 'moai_rest', 'moai_private') AND c.relowner <> n.nspowner
    UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname IN ('moai', 'moai_rest', 'moai_private') AND p.proowner <> n.nspowner$$,
    'everything belongs to one owner');
SELECT is((SELECT count(DISTINCT n.nspowner) FROM pg_namespace AS n WHERE n.nspname IN ('moai', 'moai_rest', 'moai_private')), 1::bigint, 'who owns the schemas, too');
SELECT is_empty($$SELECT con.conname, con.conrelid::regclass FROM pg_constraint AS con JOIN pg_class AS c ON c.oid = con.conrelid
    WHERE con.connamespace = 'moai_private'::regnamespace AND NOT c.relispartition AND con.contype = 'c' AND con.conname LIKE '%\_check'$$, 'constraints have names of ours');
SELECT is_empty($$SELECT i.indexrelid::regclass FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid WHERE c.relnamespace = 'moai_private'::regnamespace AND NOT i.indisvalid AND NOT c.relkind = 'p'$$, 'every index is valid');
SELECT is_empty($$SELECT c.relname, n FROM unnest(ARRAY['event', 'attempt', 'outcome']) AS c(relname), generate_series(0, 100, 4) AS n
    WHERE NOT EXISTS (SELECT FROM pg_class AS p WHERE p.relnamespace = 'moai_private'::regnamespace AND p.relispartition
        AND p.relname = c.relname || to_char((clock_timestamp() + n * interval '7 days') AT TIME ZONE 'UTC', '"_"IYYY"w"IW'))$$, 'there are partitions for the next 100 weeks');

SELECT * FROM finish();
ROLLBACK;
