-- The doorbell rings for the sentinel alone now: moai_private.ring_sentinel.
DROP FUNCTION IF EXISTS moai_private.ring_workers();
