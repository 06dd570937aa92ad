BEGIN;
SELECT plan(4);
SELECT is(allowed, true, 'whoever has installed moai may vacuum it') FROM moai.upkeep_state();
SELECT is(owner, (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'moai_private.delivery'::regclass), 'the owner is named') FROM moai.upkeep_state();
SELECT is_definer('moai', 'upkeep_state', 'it runs as the owner');
-- What counts is the role that the session has made itself, as for VACUUM, and not the one that logged in.
DO $$ BEGIN
    CREATE ROLE upkeep_weak;
    EXECUTE format('GRANT upkeep_weak TO %I', session_user);
    GRANT EXECUTE ON FUNCTION moai.upkeep_state TO upkeep_weak;
    GRANT USAGE ON SCHEMA moai TO upkeep_weak;
    GRANT moai_worker TO upkeep_weak;
END $$;
SET LOCAL ROLE upkeep_weak;
CREATE TEMP TABLE seen AS SELECT * FROM moai.upkeep_state();
RESET ROLE;
SELECT is(allowed, false, 'a session that has made itself a lesser role may not') FROM seen;
SELECT * FROM finish();
ROLLBACK;
