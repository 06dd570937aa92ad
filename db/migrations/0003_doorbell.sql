-- The doorbell rings for the sentinel alone now: moai_private.ring_sentinel.
DROP FUNCTION IF EXISTS moai_private.ring_workers();
-- Functions whose arguments or columns have changed: replacing them would leave the old ones beside the new, or fail.
DROP FUNCTION IF EXISTS moai.claim_deliveries(text, integer);
DROP FUNCTION IF EXISTS moai_private.claim(integer, timestamptz);
