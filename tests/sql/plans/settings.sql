-- The functions whose plans are pinned have JIT off as well: the cost of the switched-off nodes would switch it on.
BEGIN;
SELECT plan(9);

SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p WHERE p.pronamespace = 'moai_private'::regnamespace
    AND EXISTS (SELECT FROM unnest(p.proconfig) AS c WHERE c LIKE 'enable\_%=off') AND NOT 'jit=off' = ANY (p.proconfig)$$, 'whoever pins a plan switches JIT off');
SELECT ok((SELECT proconfig @> ('{jit=off}' || ARRAY(SELECT 'enable_' || node || '=off' FROM unnest(w.off) AS node)) FROM pg_proc WHERE pronamespace = 'moai_private'::regnamespace AND proname = w.name),
    w.name || ' is pinned')
FROM (VALUES
    ('claim', '{seqscan,hashjoin,mergejoin,bitmapscan,material}'::text[]),
    ('lease_past_saturated', '{seqscan,hashjoin,mergejoin,bitmapscan,material}'),
    ('lease_parked', '{seqscan,hashjoin,mergejoin,bitmapscan,material}'),
    ('complete', '{seqscan,hashjoin,mergejoin,bitmapscan,material}'),
    ('endpoints', '{seqscan,hashjoin,mergejoin,bitmapscan,sort}'),
    ('tg_event_fan_out', '{seqscan,hashjoin,mergejoin,bitmapscan}'),
    ('take_idempotency_keys', '{seqscan,bitmapscan}'),
    ('read_batch', '{}')) AS w(name, off);

SELECT * FROM finish();
ROLLBACK;
