-- Removes moai from the connected database:  psql -X -d DATABASE -f db/uninstall.sql
-- Refuses while deliveries are unfinished or dead letters are kept; -v force=1 removes them, too. As a member of moai's owner.
-- The roles stay: they belong to the whole cluster, and another of its databases may have moai.
\set ON_ERROR_STOP on
\if :{?force}
\else
\set force 0
\endif
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT pg_advisory_xact_lock(1836016996, 0) \g /dev/null
SELECT to_regnamespace('moai_private') IS NULL AS absent \gset
\if :absent
\warn 'moai is not installed in this database.'
ROLLBACK;
\quit
\endif

-- Publishers and workers wait here and then find nothing; so nothing is lost between the look and the removal.
LOCK TABLE moai_private.event, moai_private.delivery, moai_private.dead_letter IN ACCESS EXCLUSIVE MODE;
SELECT count(*) AS deliveries, (SELECT count(*) FROM moai_private.dead_letter) AS dead_letters, :'force' <> '1' AND (count(*) > 0 OR EXISTS (SELECT FROM moai_private.dead_letter)) AS refused
FROM moai_private.delivery \gset
\if :refused
\warn 'There are' :deliveries 'unfinished deliveries and' :dead_letters 'dead letters. Repeat with -v force=1 to lose them.'
ROLLBACK;
-- An error, so that the exit code tells.
DO $$ BEGIN RAISE EXCEPTION 'moai was not removed' USING ERRCODE = 'MO409'; END $$;
\endif

-- CASCADE: the schemas refer to each other. Views of others that read moai's go, too.
DROP SCHEMA moai_rest, moai, moai_private CASCADE;
COMMIT;
\echo 'moai is removed. Its roles stay (moai_owner, moai_publisher, moai_operator, moai_reader, moai_worker, moai_api).'
