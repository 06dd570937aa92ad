-- Applies migration :migration unless the ledger has it.
SELECT NOT EXISTS (SELECT FROM moai_private.migration WHERE name = :'migration') AS pending \gset
\if :pending
\ir migrations/:migration.sql
INSERT INTO moai_private.migration (name) VALUES (:'migration');
\endif
