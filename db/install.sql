-- Installs or upgrades moai in the connected database:  psql -X -d DATABASE -f db/install.sql
-- One transaction; harmless to repeat, and from many clients at once. The binary embeds the files named here, in this order.
\set ON_ERROR_STOP on
BEGIN;
\ir prelude.sql
\set migration 0001_core
\ir step.sql
\set migration 0002_group_commit
\ir step.sql
\set migration 0003_doorbell
\ir step.sql
\set migration 0004_endpoints
\ir step.sql
\set migration 0005_upkeep
\ir step.sql
\set migration 0006_end_delivered
\ir step.sql
\set migration 0007_low_water
\ir step.sql
\set migration 0008_answers
\ir step.sql
\set migration 0009_rotation
\ir step.sql
\set migration 0010_operational_events
\ir step.sql
\set migration 0011_requests
\ir step.sql
\set migration 0012_attempts
\ir step.sql
\set migration 0013_retries
\ir step.sql
\ir functions/manifest.sql
\ir grants.sql
\ir bundle.sql
COMMIT;
