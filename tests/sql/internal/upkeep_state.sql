BEGIN;
SELECT plan(7);
CREATE ROLE upkeep_stranger;
CREATE ROLE upkeep_member;
CREATE ROLE upkeep_distant NOINHERIT;
DO $$ BEGIN
    EXECUTE format('GRANT %I TO upkeep_member, upkeep_distant', (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'moai_private.delivery'::regclass));
END $$;

SELECT is((SELECT allowed FROM moai_private.upkeep_state('upkeep_stranger', clock_timestamp())), false, 'a stranger may not');
SELECT is((SELECT allowed FROM moai_private.upkeep_state('upkeep_member', clock_timestamp())), true, 'a member of the owner may');
SELECT is((SELECT allowed FROM moai_private.upkeep_state('upkeep_distant', clock_timestamp())), false, 'a member that inherits nothing may not, as VACUUM would not let it');
SELECT ok(dead_rows >= 0 AND vacuums >= 0 AND analyzes >= 0, 'counts are counts') FROM moai_private.upkeep_state(current_user, clock_timestamp());

-- Without this, the queue would be vacuumed when a fifth of it is dead, and keys when it is millions.
SELECT ok(reloptions @> '{autovacuum_vacuum_scale_factor=0,autovacuum_vacuum_threshold=5000,autovacuum_vacuum_cost_delay=0,autovacuum_vacuum_insert_scale_factor=0,autovacuum_analyze_scale_factor=0,vacuum_truncate=off}',
    'autovacuum counts the rows of the queue, and never truncates it') FROM pg_class WHERE oid = 'moai_private.delivery'::regclass;
SELECT ok(reloptions @> '{autovacuum_vacuum_scale_factor=0,autovacuum_vacuum_cost_delay=0,vacuum_truncate=off}',
    'those of the keys too') FROM pg_class WHERE oid = 'moai_private.idempotency_key'::regclass;
SELECT ok(reloptions @> '{autovacuum_vacuum_scale_factor=0}', 'and those of the dead letters') FROM pg_class WHERE oid = 'moai_private.dead_letter'::regclass;
SELECT * FROM finish();
ROLLBACK;
