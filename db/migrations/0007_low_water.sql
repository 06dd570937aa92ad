-- Functions whose arguments have changed: replacing them would leave the old ones beside the new.
DROP FUNCTION IF EXISTS moai.claim_deliveries(text, integer, boolean, uuid[]);
DROP FUNCTION IF EXISTS moai.claim_parked(text, uuid[], integer[], boolean);
DROP FUNCTION IF EXISTS moai.complete_deliveries(text, json);
DROP FUNCTION IF EXISTS moai_private.claim(integer, timestamptz, boolean, uuid[], uuid[], integer[]);
DROP FUNCTION IF EXISTS moai_private.complete(text, json, timestamptz);
DROP FUNCTION IF EXISTS moai_private.lease_past_saturated(integer, uuid[], bigint, timestamptz);
