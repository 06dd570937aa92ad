-- The functions whose plans are pinned have JIT off as well: the cost of the switched-off nodes would switch it on.
BEGIN;
SELECT plan(3);

SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p WHERE p.pronamespace = 'moai_private'::regnamespace
    AND EXISTS (SELECT FROM unnest(p.proconfig) AS c WHERE c LIKE 'enable\_%=off') AND NOT 'jit=off' = ANY (p.proconfig)$$, 'whoever pins a plan switches JIT off');
SELECT ok(proconfig @> '{enable_seqscan=off,enable_hashjoin=off,enable_mergejoin=off,jit=off}', proname || ' is pinned')
FROM pg_proc WHERE pronamespace = 'moai_private'::regnamespace AND proname IN ('claim', 'complete');

SELECT * FROM finish();
ROLLBACK;
